import type { Caller } from '../core/call.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { type Policy, table } from '../policy/table.ts';
import { createFetch, type Fetch } from './fetch.ts';
import { Pools } from './pools.ts';
import { type Message, type RequestOptions, readMessage, sendMessage } from './request.ts';
import type { MeshResponse } from './response.ts';
import { loadUndici } from './undici.ts';

/** How calls are sent over HTTP. */
export interface Transport {
  /** Sends a request as `undici.request` does; the host of the URL is the name of a service. */
  request(url: string | URL, options?: RequestOptions): Promise<MeshResponse>;
  /** A WHATWG fetch; the host of the URL is the name of a service. */
  readonly fetch: Fetch;
  /** Closes the connections to an endpoint that has gone; what is under way may end. */
  forget(url: string): void;
  /** Closes every connection: what is under way has `withinMs` to end, a second unless told. */
  close(withinMs?: number): Promise<void>;
}

/** How a service is to be called. */
export type PolicyOf = (service: string) => Policy;

/** As `createTransport`, once undici is there. */
export async function openTransport(...given: Parameters<typeof createTransport>): Promise<Transport> {
  await loadUndici();
  return createTransport(...given);
}

/**
 * Sends calls over HTTP/1.1 with undici. `policyOf` says how a service is to be called before a call of it begins;
 * without it, bodies are kept for replay as the defaults say.
 */
export function createTransport(env: Env, caller: Caller, policyOf?: PolicyOf): Transport {
  const pools = new Pools(env);
  let closed = false;
  const usual = table.transport.fields.replay.default as number;
  const keep = (service: string) => policyOf?.(service).transport.replay ?? usual;
  const send = (message: Message): Promise<MeshResponse> =>
    closed ? Promise.reject(new MeshError('closed', 'the mesh is closed')) : sendMessage(message, caller, pools);

  return {
    fetch: createFetch(send, keep),
    request(url, options) {
      try {
        const message = readMessage(url, options, keep);
        return message instanceof Promise ? message.then(send) : send(message);
      } catch (error) {
        return Promise.reject(error);
      }
    },
    forget: (url) => pools.forget(url),
    close(withinMs = 1_000) {
      closed = true;
      return pools.close(withinMs, new MeshError('closed', 'the mesh was closed'));
    },
  };
}
