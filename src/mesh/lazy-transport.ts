import type { FetchInit } from '../transport/fetch-message.ts';
import type { RequestOptions } from '../transport/request.ts';
import type { MeshResponse } from '../transport/response.ts';
import type { Transport } from '../transport/transport.ts';
import type { Apart } from './apart.ts';

/** How calls are sent over HTTP, loaded with the first of them: who brings another client does not pay for it. */
export class LazyTransport {
  readonly #load: () => Promise<Transport>;
  readonly #apart: Apart; // from the request that happens to be the first
  #loading: Promise<Transport> | undefined;
  #loaded: Transport | undefined;

  constructor(load: () => Promise<Transport>, apart: Apart) {
    this.#load = load;
    this.#apart = apart;
  }

  request(url: string | URL, options?: RequestOptions): Promise<MeshResponse> {
    if (this.#loaded !== undefined) return this.#loaded.request(url, options);
    return this.#ready().then((transport) => transport.request(url, options));
  }

  fetch(input: string | URL | Request, init?: FetchInit): Promise<Response> {
    if (this.#loaded !== undefined) return this.#loaded.fetch(input, init);
    return this.#ready().then((transport) => transport.fetch(input, init));
  }

  /** Closes the connections to an endpoint that has gone. */
  forget(url: string): void {
    this.#loaded?.forget(url);
  }

  async close(): Promise<void> {
    await this.#loaded?.close();
  }

  #ready(): Promise<Transport> {
    this.#loading ??= this.#apart(() => this.#begin());
    return this.#loading;
  }

  async #begin(): Promise<Transport> {
    this.#loaded = await this.#load();
    return this.#loaded;
  }
}
