import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/testing.ts';
import { parseTrace } from '../../src/wire/trace-context.ts';
import { aWorld, give } from './world.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const incoming = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1' };

test('a call begins a trace, sampled and random, without any SDK', async () => {
  const world = aWorld({ random: seeded(1) });
  await world.outcome(give('ok'));
  const { headers } = world.seen[0]!.attempt;
  assert.match(headers.traceparent!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-03$/);
  assert.ok(parseTrace(headers.traceparent));
  assert.equal(headers.tracestate, undefined);
});

test('two calls begin two traces', async () => {
  const world = aWorld({ random: seeded(1) });
  await world.call(give('ok'));
  await world.call(give('ok'));
  const [one, other] = world.seen.map(({ attempt }) => parseTrace(attempt.headers.traceparent)!.traceId);
  assert.notEqual(one, other);
  await world.end();
});

test('a policy may sample a share of the traces, begin none, or send none', async () => {
  const some = aWorld({ random: seeded(2), policy: { trace: { sample: 0.25 } } });
  for (let call = 0; call < 400; call++) await some.call(give('ok'));
  const sampled = some.seen.filter(({ attempt }) => parseTrace(attempt.headers.traceparent)!.flags & 1).length;
  assert.ok(sampled > 70 && sampled < 130, `${sampled} of 400`);
  await some.end();

  const none = aWorld({ policy: { trace: { begin: false } } });
  await none.outcome(give('ok'));
  assert.equal(none.seen[0]!.attempt.headers.traceparent, undefined);

  const goneOn = aWorld({ policy: { trace: { begin: false } } });
  await goneOn.mesh.within(incoming, () => goneOn.outcome(give('ok')));
  assert.equal(parseTrace(goneOn.seen[0]!.attempt.headers.traceparent)!.traceId, TRACE, 'one that led here goes on');

  const off = aWorld({ policy: { propagate: { trace: false } } });
  await off.mesh.within(incoming, () => off.outcome(give('ok')));
  assert.equal(off.seen[0]!.attempt.headers.traceparent, undefined);
});

test('a trace that led here sampled or not stays so, whatever share the policy samples', async () => {
  const world = aWorld({ policy: { trace: { sample: 1 } } });
  await world.mesh.within({ traceparent: `00-${TRACE}-${PARENT}-00` }, () => world.outcome(give('ok')));
  assert.equal(parseTrace(world.seen[0]!.attempt.headers.traceparent)!.flags, 0);
});
