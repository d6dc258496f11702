import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { decodeJwt } from 'jose';
import type { IdentityOptions } from '../../src/auth/options.ts';
import type { Attempt, Send } from '../../src/core/call.ts';
import { openMesh } from '../../src/mesh/open.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { testEnv } from '../../src/testing/env.ts';
import { filesAtRest } from '../support/file-work.ts';
import { FakeTarget } from '../telemetry/log-target.ts';
import { ask, bearer } from './world.ts';

const exporter = new InMemorySpanExporter();
let folder: string;
let keyFile: string;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const SHARED = 'shared-secret-shared-secret-shared-secret';
const EXCHANGED = 'exchanged-token-0123456789';

before(async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  folder = await mkdtemp(join(tmpdir(), 'inmesh-secrets-'));
  keyFile = join(folder, 'key.pem');
  await writeFile(keyFile, PEM);
});
after(async () => {
  trace.disable();
  context.disable();
  await rm(folder, { recursive: true });
});

const ANSWERS: Readonly<Record<string, () => unknown>> = {
  answered: () => ({ status: 200, headers: {} }),
  'refused as unknown': () => ({ status: 401, headers: {} }),
  'answered with a failure': () => ({ status: 503, headers: {} }),
  broken: () => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' })),
};

/** What a mesh that calls and is called tells in every way there is, and what was shown to others meanwhile. */
async function everything(identity: IdentityOptions, authenticate: NonNullable<PolicySections['authenticate']>) {
  const [env, target, logged] = [testEnv(), new FakeTarget(), [] as unknown[]];
  const note = (...what: unknown[]) => void logged.push(what);
  const mesh = await openMesh({
    service: 'checkout',
    registry: { fixed: { orders: ['http://10.0.0.1:3000'], stock: ['http://10.0.0.2:3000'] } },
    env,
    identity,
    policy: { defaults: { authenticate, identify: { mode: 'enforce' } } },
    telemetry: {
      accessLog: { format: 'json', to: target },
      traces: true,
      logger: { debug: note, info: note, warn: note, error: note } as never,
    },
  });
  const shown = new Set<string>();
  const errors: unknown[] = [];
  for (const answer of Object.values(ANSWERS)) {
    for (const service of ['orders', 'stock']) {
      const send: Send<unknown> = ({ headers }: Attempt) => {
        for (const name of ['authorization', 'signature'])
          if (headers[name]) shown.add(headers[name].replace(/^.*[ :](?=.{20})/, ''));
        return answer();
      };
      const call = mesh
        .call(service, send, { method: 'GET', path: '/x', timeout: '500ms' })
        .catch((error) => errors.push(error));
      for (let turn = 0; turn < 10; turn++) {
        await filesAtRest(); // and what is signed: the time of the call is not up before
        await env.clock.advance(60);
      }
      await call;
    }
  }
  const token = [...shown][0] ?? 'a.b.c';
  const answers = [await ask(mesh, bearer(token)), await ask(mesh, bearer(`${token}x`))];
  const said = [mesh.explain('orders'), mesh.explain('stock'), JSON.stringify(mesh.snapshot())];
  await mesh.close();
  assert.equal(env.clock.pending, 0);
  const spans = exporter
    .getFinishedSpans()
    .map(({ name, attributes, events, status }) => ({ name, attributes, events, status }));
  exporter.reset();
  assert.ok(spans.length > 0 && target.lines.length > 0 && env.told.length > 0);
  const told = [env.told, target.lines, logged, errors, errors.map((error) => JSON.stringify(error)), spans, answers];
  return {
    told: inspect([said, told], {
      depth: 20,
      showHidden: true,
      maxArrayLength: null,
      maxStringLength: null,
      breakLength: Infinity,
    }),
    said,
    shown,
  };
}

function hidden(told: string, secrets: Iterable<string>): void {
  let looked = 0;
  for (const secret of secrets) {
    looked++;
    assert.ok(secret.length >= 20, secret);
    for (let at = 0; at + 20 <= secret.length; at += 20) {
      assert.ok(!told.includes(secret.slice(at, at + 20)), `it tells ${secret.slice(at, at + 20)}`);
    }
  }
  assert.ok(looked > 0);
}

test('a token of our own, and the key that it is made with, are told nowhere', async () => {
  const issuers = [{ issuer: 'checkout', keys: { keys: [privateKeyless()] } }];
  const { told, said, shown } = await everything({ issuers, token: { key: keyFile } }, { mode: 'token' });
  const bare = PEM.split('\n').slice(1, -2).join('');
  hidden(told, [...shown, bare, privateKey.export({ format: 'jwk' }).d as string]);
  const audiences = [...shown].map((token) => decodeJwt(token).aud);
  assert.ok(audiences.includes('orders') && audiences.includes('stock'));
  assert.match(said[0]!, /authenticate: a token for orders, good for 4m/);
});

test('a token from elsewhere is told nowhere, also where getting it fails', async () => {
  let times = 0;
  const token = async (audience: string) => {
    if (++times % 3 === 0) throw new Error(`no: ${EXCHANGED}-${audience}`);
    return { token: `${EXCHANGED}-${audience}-${times}`, expiresInMs: 60_000 };
  };
  const { told, shown } = await everything({ token }, { mode: 'token', lifetime: '10s' });
  assert.ok(shown.size >= 2, 'a token for each service');
  hidden(told, [...shown, EXCHANGED]);
});

test('a shared secret, and what is signed with it, are told nowhere', async () => {
  const { told, said, shown } = await everything({ secrets: { orders: SHARED } }, { mode: 'signature' });
  assert.ok(shown.size >= 4, 'each attempt has a signature of its own');
  hidden(told, [...shown, SHARED]);
  assert.match(said[0]!, /each request is signed with the secret shared with it/);
  assert.match(said[1]!, /none is shared with it/);
  assert.match(told, /stock: no secret is shared with it \(UNAUTHENTICATED: authenticate\)/);
});

function privateKeyless(): object {
  const { d: _, ...jwk } = privateKey.export({ format: 'jwk' });
  return jwk;
}
