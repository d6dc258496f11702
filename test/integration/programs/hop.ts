// A service of a chain: says what it knows of each request, asks the next one, and hands on what that said.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createMesh } from '../../../src/index.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface HopSettings {
  readonly service: string;
  /** Whom it asks; nobody where it is the last. */
  readonly next?: { readonly service: string; readonly port: number };
  /** Where `<service>.jwk` and `<service>.jwks` are. */
  readonly keys: string;
  /** Whose tokens it believes; the first of the chain believes anybody. */
  readonly from?: string;
}

/** What one hop knows of a request, and what those behind it know. */
export interface Hop {
  readonly service: string;
  readonly traceId: string;
  /** The span that led here. */
  readonly parentId: string;
  readonly leftMs: number;
  readonly principal: string;
  readonly priority: string;
  readonly tag: string;
  readonly next?: Hop;
}

const { service, next, keys, from } = settings<HopSettings>();
const mesh = await createMesh({
  service,
  // No record in a folder: who stands still for some seconds has nobody who beats for it.
  registry: { fixed: next === undefined ? {} : { [next.service]: [`http://127.0.0.1:${next.port}`] } },
  identity: {
    token: { key: join(keys, `${service}.jwk`) },
    ...(from !== undefined && { issuers: [{ issuer: from, keys: join(keys, `${from}.jwks`) }] }),
  },
  policy: {
    defaults: { authenticate: { mode: 'token' } },
    services: {
      [service]: { identify: { mode: from === undefined ? 'off' : 'enforce', required: from !== undefined } },
    },
  },
});

const server = createServer(
  mesh.handler(async (request, context) => {
    await new Promise((resolve) => setImmediate(resolve)); // others come in between
    const known = {
      service,
      traceId: context.trace!.traceId,
      parentId: context.trace!.parentId,
      leftMs: context.timeLeftMs,
      principal: context.principal.name,
      priority: context.priority,
      tag: String(request.headers.baggage),
    };
    if (next === undefined) return Response.json(known);
    try {
      const { statusCode, body } = await mesh.request(`http://${next.service}/`);
      const said = await body.text();
      if (statusCode !== 200) throw new Error(`${next.service} answered ${statusCode}: ${said}`);
      return Response.json({ ...known, next: JSON.parse(said) });
    } catch (error) {
      return new Response(`${service}: ${error}`, { status: 500 }); // the test shows what it was
    }
  }),
);
await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
process.send!({ port: (server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit());
