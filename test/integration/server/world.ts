import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { MeshOptions } from '../../../src/mesh/options.ts';
import type { RequestContext } from '../../../src/server/request-context.ts';
import { closeAfter } from '../../support/close-after.ts';

/** What the routes of every framework's application do, in the words of none. */
export interface Doings {
  /** `GET /orders/:id`: what is known of the request. */
  order(id: string): object;
  /** `GET /inner`: the headers that a call made inside takes along. */
  inner(): Promise<object>;
  /** `GET /wait`: ends when the signal aborts. */
  wait(): Promise<object>;
  /** `POST /upload`: what is known after the body was read. */
  uploaded(body: string): object;
  /** `GET /stream`: a part, and the other once the first was read. */
  parts(): AsyncIterable<string>;
  /** `GET /throw` */
  fail(): never;
}

/** A framework's application, with the mesh in front of its routes; and what ends it. */
export type Build = (mesh: Mesh, doings: Doings) => Promise<Server> | Server;

/** A mesh of `shop` that serves over real sockets. */
export interface ServingWorld {
  readonly mesh: Mesh;
  readonly server: Server;
  readonly url: string;
  /** Lets the second part of `/stream` follow. */
  readonly goOn: () => void;
  /** Settles with the request that waits, once one does. */
  readonly waiting: Promise<RequestContext>;
  /** Settles with the reason for which it was called off. */
  readonly calledOff: Promise<unknown>;
}

export async function aServer(
  t: TestContext,
  build: Build,
  options: Partial<MeshOptions> = {},
  doing: (mesh: Mesh) => Partial<Doings> = () => ({}),
): Promise<ServingWorld> {
  const registry = { fixed: { stock: ['http://127.0.0.1:1'] } };
  const mesh = await createMesh({ service: 'shop', registry, ...options });
  const gate = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<RequestContext>();
  const calledOff = Promise.withResolvers<unknown>();
  const server = await build(mesh, {
    order: (id) => ({ id, route: mesh.context?.route, ...facts(mesh) }),
    inner: () => mesh.call('stock', async ({ headers }) => ({ ...headers, ...facts(mesh) })),
    wait: async () => {
      const context = mesh.context!;
      waiting.resolve(context);
      if (!context.signal.aborted) await once(context.signal, 'abort');
      calledOff.resolve(context.signal.reason);
      return { over: true };
    },
    uploaded: (body) => ({ length: body.length, ...facts(mesh) }),
    async *parts() {
      yield 'one,';
      await gate.promise;
      yield 'two';
    },
    fail: () => {
      throw new Error('the password is 1234');
    },
    ...doing(mesh),
  });
  if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  closeAfter(t, mesh, options.env);
  const { port } = server.address() as AddressInfo;
  const [waits, off] = [waiting.promise, calledOff.promise];
  return { mesh, server, url: `http://127.0.0.1:${port}`, goOn: gate.resolve, waiting: waits, calledOff: off };
}

const facts = ({ context }: Mesh): object => ({
  traceId: context?.trace?.traceId,
  parentId: context?.trace?.parentId,
  hurried: context?.deadline !== undefined,
});
