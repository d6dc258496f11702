import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallOptions, Send } from '../../src/core/call.ts';
import { type Reason, reasons } from '../../src/core/errors.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { flagOfReason, flags } from '../../src/telemetry/flags.ts';
import { answer, refused, reset } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeTarget } from './log-target.ts';

interface Case {
  readonly send?: Send<unknown>;
  readonly options?: CallOptions;
  readonly service?: string;
  readonly policy?: PolicySections;
  /** What is done while the call is under way. */
  readonly meanwhile?: (mesh: Awaited<ReturnType<typeof aMesh>>['mesh']) => unknown;
}

/** Status and flags as the log has them. */
async function loggedOf({
  send = () => 1,
  options,
  service = 'orders',
  policy = {},
  meanwhile,
}: Case): Promise<string> {
  const to = new FakeTarget();
  const { mesh, env } = await aMesh({
    registry: {
      fixed: {
        orders: ['http://10.0.0.1:3000', 'http://10.0.0.2:3000'],
        empty: [],
        resting: [{ url: 'http://10.0.0.9:1', weight: 0 }],
      },
    },
    policy: { defaults: policy },
    telemetry: { accessLog: { to, format: '%RESPONSE_CODE% %RESPONSE_FLAGS%\n' } },
  });
  const outcome = mesh.call(service, send, options).catch(() => {});
  const done = meanwhile?.(mesh);
  await env.clock.advance(60_000);
  await Promise.all([outcome, done]);
  const closing = mesh.close();
  await env.clock.advance(10_000);
  await closing;
  return to.lines.join();
}

const fail = (error: unknown) => () => Promise.reject(error);
const hang = () => new Promise(() => {});
const coded = (code: string) => Object.assign(new Error(code), { code });
const once: PolicySections = { retry: { attempts: 1 } };
const gaveUp = () => {
  const controller = new AbortController();
  return { options: { signal: controller.signal }, meanwhile: () => controller.abort() };
};

const cases: Readonly<Record<string, readonly [string, Case]>> = {
  'a call that is answered has none': ['200 -', { send: () => answer(200) }],
  'an answer that is no HTTP has no status': ['0 -', {}],
  'a bad answer has none, for it is an answer': ['500 -', { send: () => answer(500), policy: once }],
  'a service with no endpoints': ['503 UH', { service: 'empty' }],
  'endpoints that take no calls': ['503 UH', { service: 'resting' }],
  'a service that nobody knows': ['503 NR', { service: 'nobody' }],
  'no connection': ['503 UF', { send: fail(refused()), policy: once }],
  'a connection that ended': ['503 UC', { send: fail(reset()), policy: once }],
  'a client that lost its patience': ['504 UT', { send: fail(coded('UND_ERR_HEADERS_TIMEOUT')), policy: once }],
  'the time for one attempt': ['504 UT', { send: hang, policy: { ...once, attempt: { timeout: '1s' } } }],
  'the time for the whole call': ['504 DT', { send: hang }],
  'a caller that gave up by its signal': ['499 DC', { send: hang, ...gaveUp() }],
  'a client that was called off by others': ['499 DC', { send: fail(new DOMException('off', 'AbortError')) }],
  'a circuit that is open': ['503 UO', { policy: { circuit: { mode: 'open' } } }],
  'retries that are exhausted': ['503 UF,URX', { send: fail(refused()) }],
  'retries that end with a bad answer': ['503 URX', { send: () => answer(503), options: { method: 'GET' } }],
  'a failure that must not be sent again': ['503 UC', { send: fail(reset()), options: { method: 'POST' } }],
  'a mesh that is closed meanwhile': [
    '503 LR',
    { send: hang, policy: { deadline: { timeout: '1h' } }, meanwhile: (mesh) => mesh.close() },
  ],
  'a slip in the caller’s own code': ['0 -', { send: fail(new TypeError('its own fault')) }],
  'an answer that the client throws': [
    '404 -',
    { send: fail(Object.assign(new Error(), { response: { status: 404, headers: {} } })) },
  ],
};

for (const [what, [wanted, one]] of Object.entries(cases)) {
  test(`flags: ${what}: ${wanted}`, async () => assert.equal(await loggedOf(one), wanted));
}

test('every reason that the mesh refuses with has letters that the reference explains', () => {
  for (const reason of Object.keys(reasons)) {
    assert.ok(
      Object.hasOwn(flags, flagOfReason[reason as Reason]),
      `${reason} has no letters in src/telemetry/flags.ts`,
    );
  }
});
