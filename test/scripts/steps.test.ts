import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSteps, type Step } from '../../scripts/steps.ts';

const step = (name: string, ok = true): Step => ({ name, run: async () => ({ ok, output: '' }) });

test('every step runs and is told of, whatever the others come to', async () => {
  const told: string[] = [];
  const done = await runSteps([step('a'), step('b', false), step('c')], 1, ({ name, ok }) =>
    told.push(`${name} ${ok}`),
  );
  assert.deepEqual(told, ['a true', 'b false', 'c true']);
  assert.equal(done.length, 3);
});

test('a step that throws has failed, and says why', async () => {
  const broken: Step = { name: 'broken', run: () => Promise.reject(new Error('no such tool')) };
  const [done] = await runSteps([broken], 1, () => {});
  assert.equal(done?.ok, false);
  assert.match(done?.output ?? '', /no such tool/);
});

test('no more steps run at once than are allowed', async () => {
  let [running, most] = [0, 0];
  const counting: Step = {
    name: 'counting',
    run: async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { ok: true, output: '' };
    },
  };
  await runSteps(
    Array.from({ length: 6 }, () => counting),
    2,
    () => {},
  );
  assert.equal(most, 2);
});

test('steps in a list run one after the other, beside the rest', async () => {
  const running = new Set<string>();
  const beside: string[] = [];
  const watched = (name: string): Step => ({
    name,
    run: async () => {
      running.add(name);
      await new Promise((resolve) => setImmediate(resolve));
      beside.push([...running].join('+'));
      running.delete(name);
      return { ok: true, output: '' };
    },
  });
  const done = await runSteps([[watched('pack'), watched('examples')], watched('docs')], 2, () => {});
  assert.equal(done.length, 3);
  assert.ok(!beside.some((names) => names.includes('pack') && names.includes('examples')), beside.join());
  assert.ok(
    beside.some((names) => names === 'pack+docs'),
    beside.join(),
  );
});
