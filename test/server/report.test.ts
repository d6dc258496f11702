import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Arrival } from '../../src/server/arrival.ts';
import type { EventLoop } from '../../src/server/event-loop.ts';
import { report } from '../../src/server/report.ts';
import { aContext } from '../../src/testing/context.ts';
import { testEnv } from '../../src/testing/env.ts';
import { parseOrca } from '../../src/wire/orca.ts';

function aDoor(load: 'off' | 'orca') {
  const env = testEnv();
  const loop: EventLoop = { heldMs: () => 0, heldBeforeMs: 0, utilization: () => 0.75 };
  const policy = aContext({ policy: { report: { load } } });
  const service = report<number>(env, loop)((arrival) => Promise.resolve(arrival.wire!.status));
  const ask = async (status = 200): Promise<Record<string, string>> => {
    const said: Record<string, string> = {};
    const remark = (name: string, value: string): void => {
      said[name] = value;
    };
    const arrival = { wire: { status, onEnd: () => false }, remark };
    assert.equal(await service(arrival as unknown as Arrival, { ...policy, begunAt: env.clock.now() }), status);
    return said;
  };
  return { env, ask };
}

test('each answer says how busy the instance is, and how many requests came and failed a second', async () => {
  const { env, ask } = aDoor('orca');
  for (let request = 0; request < 400; request++) {
    await ask(request % 10 === 0 ? 503 : 200);
    await env.clock.advance(50);
  }
  const said = await ask();
  assert.deepEqual(Object.keys(said), ['endpoint-load-metrics']);
  const { applicationUtilization, rps, eps } = parseOrca(said['endpoint-load-metrics'])!;
  assert.equal(applicationUtilization, 0.75);
  assert.ok(Math.abs(rps! - 20) <= 2 && Math.abs(eps! - 2) <= 0.3, `${rps} ${eps}`);
  assert.equal(env.clock.pending, 0);
});

test('a report is written once in a tenth of a second, however many ask', async () => {
  const { env, ask } = aDoor('orca');
  const first = await ask();
  for (let request = 0; request < 10; request++) assert.deepEqual(await ask(), first);
  await env.clock.advance(100);
  assert.notDeepEqual(await ask(), first);
});

test('where it is off nothing is told', async () => {
  assert.deepEqual(await aDoor('off').ask(), {});
});
