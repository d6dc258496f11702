import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { events } from '../../src/core/events.ts';
import type { PolicyDocument } from '../../src/index.ts';
import type { spanEvents } from '../../src/telemetry/span-events.ts';
import { answer, refused } from '../../src/testing/script.ts';
import { aMesh, type MeshInTest } from '../support/mesh.ts';
import { recordedSpans } from '../support/recorded-spans.ts';
import { FakeArrival } from './arrival.ts';

const exporter = recordedSpans();

type Send = Parameters<MeshInTest['mesh']['call']>[1];
const GET = { method: 'GET' };
const failing: Send = () => Promise.reject(refused());

/** A client that takes so long for each attempt in turn, and for the last as long as for all that follow. */
function lasting({ env }: MeshInTest, ...ms: readonly number[]): Send {
  let turn = 0;
  return () =>
    new Promise((resolve) => {
      env.clock.schedule(ms[Math.min(turn++, ms.length - 1)]!, () => resolve(answer(200)));
    });
}

/** Makes a call and lets its time go by. */
async function call({ mesh, env }: MeshInTest, send: Send, options = GET): Promise<void> {
  const over = mesh.call('orders', send, options).catch(() => {});
  await env.clock.advance(20_000);
  await over;
}

const spansOf = (kind: SpanKind): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.kind === kind);
const eventsOf = (span: ReadableSpan) => span.events.map(({ name, attributes }) => [name, attributes] as const);

interface Scenario {
  readonly policy: PolicyDocument['defaults'];
  readonly run: (world: MeshInTest) => Promise<void>;
  /** What the last call's span, or the last request's, tells of it. */
  readonly says: Readonly<Record<string, unknown>>;
  readonly of?: SpanKind;
}

const hedged = { hedge: { mode: 'delay', delay: '50ms', budget: 1 } } as const;
const broken = { circuit: { mode: 'enforce', volume: 5, threshold: 0.1, open: '10s' } } as const;
const scenarios: Readonly<Record<keyof typeof spanEvents, Scenario>> = {
  retry: {
    policy: { retry: { attempts: 2, backoff: '8ms' } },
    run: (world) => call(world, failing),
    says: { 'inmesh.attempt': 1, 'inmesh.why': 'ECONNREFUSED', 'inmesh.wait_ms': Number, 'inmesh.retries_left': 10 },
  },
  'retry-budget': {
    policy: { retry: { budget: 0, perSecond: 0 } },
    run: (world) => call(world, failing),
    says: { 'inmesh.attempt': 1, 'inmesh.why': 'ECONNREFUSED', 'inmesh.retries_left': 0 },
  },
  hedge: {
    policy: hedged,
    run: (world) => call(world, lasting(world, 300, 10)),
    says: { 'inmesh.attempt': 1, 'inmesh.after_ms': 50 },
  },
  'hedge-budget': {
    policy: { hedge: { ...hedged.hedge, budget: 0 } },
    run: (world) => call(world, lasting(world, 300)),
    says: { 'inmesh.attempt': 1, 'inmesh.after_ms': 50 },
  },
  ejected: {
    policy: { retry: { attempts: 1 }, outlier: { failures: 1 } },
    run: (world) => call(world, failing),
    says: {
      'inmesh.endpoint': /^10\.0\.0\.\d:3000$/,
      'inmesh.reason': 'failures',
      'inmesh.for_ms': Number,
      'inmesh.enforced': true,
    },
  },
  returned: {
    policy: { retry: { attempts: 1 }, outlier: { failures: 1, ejection: '1s' } },
    run: async (world) => {
      await call(world, failing);
      for (let at = 0; at < 9; at++) await call(world, () => answer(200));
    },
    says: { 'inmesh.endpoint': /^10\.0\.0\.\d:3000$/ },
  },
  circuit: {
    policy: { retry: { attempts: 1 }, ...broken },
    run: async (world) => {
      for (let at = 0; at < 5; at++) await world.mesh.call('orders', failing, GET).catch(() => {});
    },
    says: { 'inmesh.circuit.state': 'open', 'inmesh.for_ms': Number, 'inmesh.enforced': true },
  },
  quota: {
    policy: { quota: { calls: [{ name: 'few', rate: '1/h', burst: 1 }] } },
    run: async (world) => {
      await call(world, () => answer(200));
      await call(world, () => answer(200));
    },
    says: { 'inmesh.rule': 'few', 'inmesh.action': 'refused', 'inmesh.wait_ms': Number },
  },
  limit: {
    policy: { limit: { service: 1 }, retry: { attempts: 1 } },
    run: async (world) => {
      const first = call(world, lasting(world, 500));
      await world.mesh.call('orders', () => answer(200), GET).catch(() => {});
      await first;
    },
    says: { 'inmesh.full': 'service', 'inmesh.priority': 'default' },
  },
  throttle: {
    policy: { throttle: { mode: 'enforce', most: 0.99, ratio: 1 }, retry: { attempts: 1 }, outlier: { failures: 0 } },
    run: async (world) => {
      for (let at = 0; at < 200 && world.told('throttle').length === 0; at++) {
        await world.mesh.call('orders', () => answer(503), GET).catch(() => {});
      }
    },
    says: { 'inmesh.priority': 'default', 'inmesh.enforced': true },
  },
  fallback: {
    policy: { retry: { attempts: 1 } },
    run: (world) => call(world, failing, { ...GET, fallback: () => 'instead' } as never),
    says: { 'inmesh.source': 'call', 'inmesh.why': 'ECONNREFUSED' },
  },
  injected: {
    policy: { fault: { abortShare: 1 } },
    run: (world) => call(world, () => answer(200)),
    says: { 'inmesh.delay_ms': 0, 'inmesh.aborted': true },
  },
  refused: {
    policy: {},
    run: async ({ mesh }) => {
      mesh.setPolicy({ services: { checkout: { shed: { mode: 'enforce', limit: 0 } } } });
      await mesh.receive(new FakeArrival('GET /', () => 1)).catch(() => {});
    },
    says: { 'inmesh.reason': 'shed', 'inmesh.enforced': true },
    of: SpanKind.SERVER,
  },
};

for (const [type, { policy, run, says, of = SpanKind.INTERNAL }] of Object.entries(scenarios)) {
  test(`${type} is told in the span that it happened to: ${events[type as keyof typeof scenarios]}`, async () => {
    await run(await aMesh({ policy: { defaults: policy } as PolicyDocument }));
    const told = spansOf(of)
      .flatMap(eventsOf)
      .filter(([name]) => name === `inmesh.${type}`);
    assert.ok(told.length > 0, 'it is told');
    const [, attributes] = told.at(-1)!;
    assert.deepEqual(Object.keys(attributes!).sort(), Object.keys(says).sort());
    for (const [name, wanted] of Object.entries(says)) {
      const value = attributes![name];
      if (wanted === Number) assert.equal(typeof value, 'number', name);
      else if (wanted instanceof RegExp) assert.match(String(value), wanted);
      else assert.equal(value, wanted, name);
    }
  });
}

test('each attempt that fails is told in the span of its own call, though another has armed the timer', async () => {
  const world = await aMesh({
    policy: { defaults: { attempt: { timeout: '100ms' }, retry: { attempts: 1 }, outlier: { failures: 1 } } },
  });
  const good = world.mesh.call('orders', lasting(world, 150), { ...GET, timeout: '1s' }).catch(() => {});
  const bad = world.mesh.call('orders', () => new Promise(() => {}), GET).catch(() => {});
  await world.env.clock.advance(1_000);
  await Promise.all([good, bad]);
  const ejections = spansOf(SpanKind.INTERNAL).map((span) => {
    const attempt = spansOf(SpanKind.CLIENT).find(
      (one) => one.parentSpanContext?.spanId === span.spanContext().spanId,
    )!;
    const [ejected] = span.events.filter(({ name }) => name === 'inmesh.ejected');
    return [`${attempt.attributes['server.address']}:3000`, ejected?.attributes?.['inmesh.endpoint']];
  });
  assert.equal(ejections.length, 2);
  for (const [went, ejected] of ejections) assert.equal(ejected, went);
});

test('a hedge links to the attempt that it is made beside; a retry and a first attempt link to nothing', async () => {
  const world = await aMesh({ policy: { defaults: { ...hedged, retry: { attempts: 3, backoff: '1ms' } } } });
  await call(world, lasting(world, 300, 10));
  const attempts = () => spansOf(SpanKind.CLIENT).sort((a, b) => resendOf(a) - resendOf(b));
  const [first, hedge] = attempts();
  assert.deepEqual(first!.links, []);
  assert.equal(hedge!.links.length, 1);
  assert.deepEqual(hedge!.links[0]!.context, first!.spanContext());
  assert.deepEqual(hedge!.links[0]!.attributes, { 'inmesh.link': 'hedge' });

  exporter.reset();
  await call(world, failing);
  assert.deepEqual(
    attempts().map(({ links }) => links.length),
    [0, 0, 0],
  );
});

test('a hedge that found no endpoint leaves no link to what is tried later', async () => {
  const world = await aMesh({
    policy: { defaults: { ...hedged, retry: { attempts: 2, backoff: '1ms' }, limit: { service: 1 } } },
  });
  let turn = 0;
  await call(world, () => {
    if (turn++ > 0) return answer(200);
    return new Promise((_, reject) => world.env.clock.schedule(200, () => reject(refused())));
  });
  assert.ok(world.told('hedge').length > 0);
  assert.deepEqual(
    spansOf(SpanKind.CLIENT).flatMap(({ links }) => links),
    [],
  );
});

test('a call to every endpoint is no hedge: its attempts link to nothing', async () => {
  const world = await aMesh();
  await call(world, lasting(world, 100), { ...GET, strategy: 'broadcast' } as never);
  assert.equal(spansOf(SpanKind.CLIENT).length, 3);
  assert.deepEqual(
    spansOf(SpanKind.CLIENT).flatMap(({ links }) => links),
    [],
  );
  assert.deepEqual(spansOf(SpanKind.INTERNAL).flatMap(eventsOf), []);
});

const resendOf = ({ attributes }: ReadableSpan): number => Number(attributes['http.request.resend_count'] ?? 0);
