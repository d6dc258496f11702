import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reason, reasons } from '../../src/core/errors.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { MeshOptions } from '../../src/mesh/options.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { flagOfReason } from '../../src/telemetry/flags.ts';
import { answer, refused } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';
import { FakeTarget } from './log-target.ts';

// Every reason that the mesh has for letting a call or a request fail, brought about: the letters in the log are those of
// the table. A reason that is new needs a line here.

interface Cause {
  readonly policy?: PolicySections;
  readonly options?: Partial<MeshOptions>;
  readonly run: (mesh: Mesh) => unknown;
  /** What the log says, somewhere. */
  readonly says: string;
}

const GET = { method: 'GET' };
const hang = () => new Promise(() => {});
const once: PolicySections = { retry: { attempts: 1 } };
const call =
  (send: () => unknown = () => answer(200)) =>
  (mesh: Mesh) =>
    mesh.call('orders', send as never, GET);
const request =
  (headers: Record<string, string> = {}) =>
  (mesh: Mesh) =>
    mesh.receive(new FakeArrival('GET /', (_, own) => own.answer(200), { headers }));
const times = (count: number, run: (mesh: Mesh) => unknown) => async (mesh: Mesh) => {
  for (let at = 0; at < count; at++) await Promise.resolve(run(mesh)).catch(() => {});
};

const outbound: { readonly [R in Reason]?: Cause } = {
  'no-endpoints': { options: { registry: { fixed: { orders: [] } } }, run: call(), says: '503 UH' },
  connect: { policy: once, run: call(() => Promise.reject(refused())), says: '503 UF' },
  quota: {
    policy: { quota: { calls: [{ rate: '1/h', burst: 1 }] } },
    run: times(2, call()),
    says: '429 RL',
  },
  limit: {
    policy: { limit: { service: 1 } },
    run: (mesh) => Promise.allSettled([call(hang)(mesh), call()(mesh)]),
    says: '429 UO',
  },
  throttle: {
    policy: { ...once, throttle: { mode: 'enforce', ratio: 1, most: 0.99 }, outlier: { failures: 0 } },
    run: times(
      100,
      call(() => answer(503)),
    ),
    says: '503 UO',
  },
  authenticate: { policy: { authenticate: { mode: 'token' } }, run: call(), says: '401 UAEX' },
  fault: { policy: { fault: { abortShare: 1 } }, run: call(), says: '503 FI' },
  circuit: { policy: { circuit: { mode: 'open' } }, run: call(), says: '503 UO' },
  closed: {
    policy: { deadline: { timeout: '1h' } },
    run: (mesh) => Promise.allSettled([call(hang)(mesh), mesh.close()]),
    says: '503 LR',
  },
  deadline: { run: call(hang), says: '504 DT' },
  attempt: { policy: { ...once, attempt: { timeout: '1s' } }, run: call(hang), says: '504 UT' },
  caller: {
    run: (mesh) => {
      const controller = new AbortController();
      const over = mesh.call('orders', hang, { signal: controller.signal });
      controller.abort();
      return over;
    },
    says: '499 DC',
  },
};

const inbound: { readonly [R in Reason]?: Cause } = {
  quota: {
    policy: { quota: { requests: [{ rate: '1/h', burst: 1 }] } },
    run: times(2, request()),
    says: '429 RL',
  },
  identify: { policy: { identify: { mode: 'enforce', required: true } }, run: request(), says: '401 UAEX' },
  authorize: {
    policy: { authorize: { mode: 'enforce', rules: [{ action: 'deny' }] } } as PolicySections,
    run: request(),
    says: '403 UAEX',
  },
  shed: { policy: { shed: { mode: 'enforce', limit: 0 } }, run: request(), says: '503 OM' },
  deadline: { policy: { deadline: { refuse: 1 } }, run: request({ 'grpc-timeout': '0m' }), says: '504 DT' },
  caller: { run: (mesh) => mesh.receive(new FakeArrival('GET /', (_, own) => own.leave())), says: '0 DC' },
};

/** Those that no call and no request comes to, or that only the real transport has. */
const ELSEWHERE: { readonly [R in Reason]?: string } = {
  unresolved: 'thrown by `dependsOn`; a call waits, and has DT',
  policy: 'thrown by whoever sets a policy',
  request: 'thrown before a call begins, or by the transport: its tests',
  reset: 'raised by the transport alone; a client of one’s own has UC by the code of its error, in flags.test.ts',
  registry: 'thrown by whoever announces',
  fallback: 'what a fallback is told; the call comes to what the fallback gives',
  hedge: 'what the attempt is told that lost; the call comes to the other',
  bug: 'should not happen',
};

for (const [way, causes] of Object.entries({ outbound, inbound })) {
  for (const [reason, { policy = {}, options, run, says }] of Object.entries(causes)) {
    test(`${way}: ${reason} is ${says} in the log`, async () => {
      const to = new FakeTarget();
      const { mesh, env } = await aMesh({
        policy: { defaults: policy },
        telemetry: { accessLog: { to, format: '%RESPONSE_CODE% %RESPONSE_FLAGS%\n' } },
        ...options,
      });
      const over = Promise.resolve(run(mesh)).catch(() => {});
      await env.clock.advance(60_000);
      await over;
      const closing = mesh.close();
      await env.clock.advance(10_000);
      await closing;
      assert.ok(to.lines.includes(says), to.lines.slice(-5).join());
      assert.equal(says.split(' ')[1], flagOfReason[reason as Reason]);
    });
  }
}

test('every reason that there is is brought about above, or is said to come from elsewhere', () => {
  const known = new Set([outbound, inbound, ELSEWHERE].flatMap((table) => Object.keys(table)));
  assert.deepEqual(
    Object.keys(reasons).filter((reason) => !known.has(reason)),
    [],
  );
});
