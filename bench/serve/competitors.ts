import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createMesh, type Mesh, type MeshOptions } from '../../src/index.ts';
import type { Competitor, Figures, Opening } from '../kit/competitor.ts';
import { measured } from '../kit/measure.ts';
import { SERVER_CPU, start } from '../kit/pinned.ts';

const CALLER = fileURLToPath(new URL('./caller.ts', import.meta.url));
const BODY = JSON.stringify({ id: 42, state: 'shipped', note: 'x'.repeat(200 - 37) }); // 200 bytes in all
const HEADERS = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(BODY)) };

const answer: RequestListener = (_, response) => void response.writeHead(200, HEADERS).end(BODY);

/** A server in this process, called from another one; what a round costs is what it costs here. */
async function serving(listener: RequestListener, sent: Readonly<Record<string, string>> = {}): Promise<Competitor> {
  const server: Server = createServer({ keepAliveTimeout: 60_000 }, listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const caller: ChildProcess = start(CALLER, [`http://127.0.0.1:${port}`, JSON.stringify(sent)], SERVER_CPU);
  await once(caller, 'message');
  return {
    async round(task) {
      let seen: Figures = {};
      const cost = await measured(async () => {
        caller.send(task);
        [seen] = (await once(caller, 'message')) as [Figures];
        return seen.operations!;
      });
      return { ...cost, perSecond: seen.perSecond!, p50Us: seen.p50Us!, p99Us: seen.p99Us! };
    },
    close() {
      caller.disconnect();
      server.closeAllConnections();
      server.close();
    },
  };
}

const aMesh = (options: Partial<MeshOptions> = {}): Promise<Mesh> =>
  createMesh({ service: 'orders', registry: { fixed: {} }, ...options });

const app = (before?: express.RequestHandler): RequestListener => {
  const made = express();
  made.disable('x-powered-by').disable('etag');
  if (before !== undefined) made.use(before);
  made.get('/orders/:id', answer);
  return made;
};

// As a caller of ours sends them.
const CALLED = {
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'x-envoy-expected-rq-timeout-ms': '10000',
};

const RULES = [
  { name: 'no-internals', action: 'deny', paths: ['/internal/*'] },
  { name: 'read', methods: ['GET'], paths: ['/orders/{id}'] },
] as const;

const ISSUER = 'https://issuer.example';

/** A caller that shows a token, the same one again and again, and the key of who issued it. */
async function aCallerWithToken() {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const token = await new SignJWT({ iss: ISSUER, sub: 'checkout', aud: 'orders' })
    .setProtectedHeader({ alg: 'ES256', kid: '1' })
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  const key = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' };
  return { key, sent: { ...CALLED, authorization: `Bearer ${token}` } };
}

/** All that protects a service: a token, rules, and a quota for each caller. */
async function protectedServer(): Promise<Competitor> {
  const { key, sent } = await aCallerWithToken();
  const mesh = await aMesh({
    identity: { issuers: [{ issuer: ISSUER, keys: { keys: [key] } }] },
    policy: {
      defaults: {
        identify: { mode: 'enforce', required: true },
        authorize: { mode: 'enforce', rules: [RULES[0], { ...RULES[1], principals: ['checkout'] }] },
        quota: { requests: [{ name: 'each', rate: '1000000/s', per: 'principal' }] },
      },
    },
  });
  const listener = mesh.handler((request, _, response) => answer(request, response));
  return serving(listener, sent);
}

/** Every server of the contest, by the name it has in the table. */
export const competitors: Readonly<Record<string, Opening>> = {
  'node:http': () => serving(answer, CALLED),
  'node:http, twin': () => serving(answer, CALLED),
  'node:http, called with a token': async () => serving(answer, (await aCallerWithToken()).sent),
  'mesh.handler': async () => {
    const mesh = await aMesh();
    return serving(
      mesh.handler((request, _, response) => answer(request, response)),
      CALLED,
    );
  },
  'mesh.handler, authorize': async () => {
    const mesh = await aMesh({ policy: { defaults: { authorize: { mode: 'enforce', rules: RULES } } } });
    return serving(
      mesh.handler((request, _, response) => answer(request, response)),
      CALLED,
    );
  },
  'mesh.handler, JWT + authorize + quota': protectedServer,
  'express 5': () => serving(app(), CALLED),
  'express 5 + mesh.middleware': async () => serving(app((await aMesh()).middleware()), CALLED),
};
