import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Finding, Probe } from '../../src/core/probe.ts';
import { Checks } from '../../src/health/checks.ts';
import { unwell, WELL } from '../../src/health/finding.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { Policy, PolicySections } from '../../src/policy/table.ts';
import { aContext, fixed, type TestEnv, testEnv } from '../../src/testing.ts';

type Answer = Finding | 'dead' | 'silent';

const ON: PolicySections['health'] = { check: 'http', interval: '10s', timeout: '1s' };

/** The endpoints of `orders`, and how each answers a check. Time stands still. */
class Ward {
  readonly env: TestEnv = testEnv({ random: fixed(0.5) });
  readonly nodes = new Nodes();
  readonly answers: Record<string, Answer> = {};
  readonly asked: [id: string, at: number][] = [];
  readonly checks: Checks;
  #policy: Policy;
  broken = 0;

  constructor(ids: readonly string[], health: PolicySections['health'] = ON) {
    this.#policy = policyOf(health);
    this.list(ids);
    const probe: Probe = ({ endpoint: { id }, signal }) => {
      this.asked.push([id, this.env.clock.now()]);
      signal.addEventListener('abort', () => this.broken++);
      const answer = this.answers[id] ?? WELL;
      if (answer === 'silent') return new Promise(() => {}); // and listens to nobody
      return answer === 'dead'
        ? Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' }))
        : Promise.resolve(answer);
    };
    this.checks = new Checks(
      this.env,
      this.nodes,
      () => this.#policy,
      async () => probe,
    );
  }

  list(ids: readonly string[]): void {
    this.nodes.update(ids.map((id) => endpoint(`http://${id}:1`, { id })));
  }

  push(health: PolicySections['health']): void {
    this.#policy = policyOf(health);
  }

  /** A call is made, and then time passes. */
  async call(thenMs = 0): Promise<void> {
    const context = { ...aContext(), policy: this.#policy, begunAt: this.env.clock.now() };
    if (this.checks.concern(context)) this.checks.called(context);
    await this.env.clock.advance(thenMs);
  }

  /** Calls once a second, for so long. */
  async calls(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) await this.call(1_000);
  }

  get sick(): Record<string, string> {
    return Object.fromEntries(
      [...this.nodes].filter(({ sick }) => sick !== '').map(({ endpoint, sick }) => [endpoint.id, sick]),
    );
  }

  get told(): unknown[] {
    return this.env.told.flatMap((event) =>
      event.type === 'health' ? [[event.endpoint, event.healthy, event.why]] : [],
    );
  }

  times(id: string): number[] {
    return this.asked.filter(([of]) => of === id).map(([, at]) => at);
  }

  async end(): Promise<void> {
    this.checks.close();
    await this.env.clock.advance(0);
    assert.equal(this.env.clock.scheduled, 0);
    const { length } = this.asked;
    await this.call(120_000);
    assert.equal(this.asked.length, length, 'nothing is asked any more');
    assert.deepEqual(this.sick, {});
  }
}

const policyOf = (health: PolicySections['health']): Policy =>
  new PolicySet({ defaults: health === undefined ? {} : { health } }).for('orders');

test('nothing is asked of a service that is not called, nor where the policy does not say so', async () => {
  const ward = new Ward(['a']);
  await ward.env.clock.advance(60_000);
  assert.deepEqual(ward.asked, []);
  await ward.end();
  const off = new Ward(['a'], {});
  await off.calls(60);
  assert.deepEqual(off.asked, []);
  await off.end();
});

test('who has just come is asked soon, who is well every ten seconds', async () => {
  const ward = new Ward(['a', 'b']);
  await ward.calls(25);
  ward.list(['a', 'b', 'c']);
  await ward.calls(5);
  assert.deepEqual(ward.times('a'), [500, 10_500, 20_500]);
  assert.equal(ward.times('c').length, 1);
  assert.ok(ward.times('c')[0]! < 27_600, 'within a fifth of the interval, and half a second');
  assert.deepEqual(ward.told[0], ['a:1', true, 'well']);
  await ward.end();
});

test('nobody is out before anything is known of it', async () => {
  const ward = new Ward(['a', 'b']);
  ward.answers.a = 'dead';
  await ward.call(600);
  assert.deepEqual(ward.sick, {});
  assert.equal(ward.nodes.ready.size, 2);
  await ward.end();
});

test('three checks without an answer, fast one after the other, and it is out; two that go well, and it is back', async () => {
  const ward = new Ward(['a', 'b']);
  await ward.calls(5);
  ward.answers.a = 'dead';
  await ward.calls(12);
  assert.deepEqual(ward.times('a'), [500, 10_500, 12_500, 14_500, 16_500]);
  assert.deepEqual(ward.sick, { a: 'ECONNREFUSED' });
  assert.equal(ward.nodes.ready.size, 1);
  assert.equal(ward.nodes.due(1e9, []), undefined, 'no call is sent to find out what checks find out');
  ward.answers.a = WELL;
  await ward.calls(2);
  assert.deepEqual(ward.sick, { a: 'ECONNREFUSED' });
  await ward.calls(2);
  assert.deepEqual(ward.sick, {});
  assert.equal(ward.nodes.ready.size, 2);
  assert.deepEqual(ward.told.slice(2), [
    ['a:1', false, 'ECONNREFUSED'],
    ['a:1', true, 'well'],
  ]);
  await ward.end();
});

test('one failure in between is nothing, and is looked into soon', async () => {
  const ward = new Ward(['a']);
  await ward.calls(5);
  ward.answers.a = 'dead';
  await ward.calls(6);
  ward.answers.a = WELL;
  await ward.calls(20);
  assert.deepEqual(ward.times('a'), [500, 10_500, 12_500, 22_500]);
  assert.equal(ward.told.length, 1);
  await ward.end();
});

test('who says that it is not well is out at once, and the reason is the last one it gave', async () => {
  const ward = new Ward(['a', 'b']);
  ward.answers.a = unwell('status 503');
  await ward.calls(1);
  assert.deepEqual(ward.sick, { a: 'status 503' });
  ward.answers.a = unwell('status 500');
  await ward.calls(3);
  assert.deepEqual(ward.sick, { a: 'status 500' });
  assert.equal(ward.told.filter((one) => (one as unknown[])[0] === 'a:1').length, 1);
  await ward.end();
});

test('a check that never ends ends when its time is up, whoever it is that does not listen', async () => {
  const ward = new Ward(['a', 'b']);
  ward.answers.a = 'silent';
  await ward.calls(9);
  assert.deepEqual(ward.times('a'), [500, 3_500, 6_500]);
  assert.deepEqual(ward.sick, { a: 'no answer in time' });
  assert.equal(ward.broken, 3);
  ward.answers.a = WELL;
  await ward.calls(6);
  assert.deepEqual(ward.sick, {});
  await ward.end();
});

test('a minute without a call, and nobody is asked until the next one', async () => {
  const ward = new Ward(['a']);
  await ward.call(300_000);
  const before = ward.asked.length;
  assert.ok(before <= 8, `${before} times`);
  await ward.call(1_000);
  assert.equal(ward.asked.length, before + 1);
  await ward.end();
});

test('a policy that switches it off lets everybody in again, and one that asks otherwise begins anew', async () => {
  const ward = new Ward(['a', 'b']);
  ward.answers.a = unwell('status 503');
  await ward.calls(2);
  ward.push({ ...ON, interval: '20s' });
  await ward.calls(1);
  assert.deepEqual(ward.sick, { a: 'status 503' }, 'how often says nothing about what was found');
  ward.push({ ...ON, path: '/other' });
  await ward.call();
  assert.deepEqual(ward.sick, {});
  await ward.calls(1);
  assert.deepEqual(ward.sick, { a: 'status 503' });
  ward.push({});
  await ward.call();
  assert.deepEqual(ward.sick, {});
  const { length } = ward.asked;
  await ward.calls(20);
  assert.equal(ward.asked.length, length);
  await ward.end();
});

test('who has gone, or takes no calls, is asked no more; a check under way is broken off', async () => {
  const ward = new Ward(['a', 'b']);
  ward.answers.b = 'silent';
  await ward.call(600);
  ward.list(['a']);
  await ward.calls(2);
  assert.equal(ward.broken, 1);
  const { length } = ward.times('b');
  await ward.calls(20);
  assert.equal(ward.times('b').length, length);
  await ward.end();
});

test('of a thousand endpoints 32 at most are asked at a time', async () => {
  const ids = Array.from({ length: 1_000 }, (_, at) => `n${at}`);
  const ward = new Ward(ids);
  for (const id of ids) ward.answers[id] = 'silent';
  await ward.call(600);
  assert.equal(ward.asked.length, 32);
  await ward.end();
});

test('a probe that can not even begin is a check without an answer, and the next one is made in its time', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on('unhandledRejection', note);
  const env = testEnv({ random: fixed(0.5) });
  const nodes = new Nodes();
  nodes.update([endpoint('http://a:1', { id: 'a' })]);
  const policy = policyOf({ ...ON, threshold: { unhealthy: 2, healthy: 1 } });
  let asked = 0;
  const checks = new Checks(
    env,
    nodes,
    () => policy,
    async () => () => {
      asked++;
      throw new TypeError('no certificate');
    },
  );
  for (let turn = 0; turn < 10; turn++) {
    checks.called({ ...aContext(), policy, begunAt: env.clock.now() });
    await env.clock.advance(2_000);
  }
  await new Promise((resolve) => setImmediate(resolve)); // unhandled rejections are told at the end of a turn
  process.off('unhandledRejection', note);
  assert.deepEqual(unhandled, []);
  assert.ok(asked > 3, `it was asked ${asked} times`);
  assert.equal([...nodes][0]!.sick, 'no certificate');
  checks.close();
  assert.equal(env.clock.pending, 0);
});
