import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { IdentityOptions } from '../../../src/auth/options.ts';
import type { MeshEvent } from '../../../src/core/events.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { PolicySections } from '../../../src/policy/table.ts';
import type { Pair } from '../../support/certificates.ts';

/** A mesh of `orders` that serves over TLS, and answers each request with who sent it. */
export interface SecureOrders {
  readonly mesh: Mesh;
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  /** Who has issued the certificates of the connections that are open. */
  readonly open: () => readonly string[];
  /** What was told of who calls, first to last. */
  readonly audit: readonly Extract<MeshEvent, { type: 'identify' }>[];
}

/** How a server is made that asks for certificates, and leaves it to the mesh what they prove. */
type Make = (
  options: { readonly requestCert: true; readonly rejectUnauthorized: false },
  answer: RequestListener,
) => Server;

export async function secureOrders(
  t: TestContext,
  identity: IdentityOptions,
  policy: NonNullable<PolicySections['identify']> = {},
  make: Make = createServer,
): Promise<SecureOrders> {
  const mesh = await createMesh({
    service: 'orders',
    registry: { fixed: {} },
    identity,
    policy: { defaults: { identify: { mode: 'enforce', required: true, ...policy } } },
  });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  const audit: Extract<MeshEvent, { type: 'identify' }>[] = [];
  mesh.on((event) => void (event.type === 'identify' && audit.push(event)));
  const answer = mesh.handler(async ({ headers, rawHeaders }, { principal }) =>
    Response.json({ ...principal, headers: Object.keys(headers), raw: rawHeaders }),
  );
  const server = make({ requestCert: true, rejectUnauthorized: false }, answer);
  server.keepAliveTimeout = 3_600_000; // a connection ends by what is tested, and not since a machine stood still
  const open = new Map<object, string>();
  server.on('secureConnection', (socket) => {
    open.set(socket, String(socket.getPeerCertificate().issuer?.CN));
    socket.on('close', () => open.delete(socket));
  });
  await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  const { port } = server.address() as AddressInfo;
  return { mesh, url: `https://127.0.0.1:${port}`, port, audit, server, open: () => [...open.values()] };
}

const PATIENT = { deadline: { timeout: '5m' }, attempt: { connect: '1m' } } as const; // a busy machine is slow, and not wrong

/** A mesh of `checkout` that calls `orders` at `url`. */
export async function checkout(
  t: TestContext,
  url: string,
  identity: IdentityOptions,
  policy: PolicySections = {},
): Promise<Mesh> {
  const registry = { fixed: { orders: [url] } };
  const mesh = await createMesh({
    service: 'checkout',
    registry,
    identity,
    policy: { defaults: { ...PATIENT, ...policy } },
  });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  return mesh;
}

/** Waits until something is so. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What came of a request that no mesh sent. */
export interface Raw {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks over a connection of its own, with a certificate or none, and believes whatever the other side shows. */
export const askRaw = (port: number, pair: Partial<Pair>, headers: Record<string, string> = {}): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const options = { ...pair, host: '127.0.0.1', port, headers, agent: false, rejectUnauthorized: false } as const;
    const asked = request({ ...options, path: '/orders/7' }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, body }));
    });
    asked.on('error', reject).end();
  });
