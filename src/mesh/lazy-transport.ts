import type { FetchInit } from '../transport/fetch-message.ts';
import type { RequestOptions } from '../transport/request.ts';
import type { MeshResponse } from '../transport/response.ts';
import type { Transport } from '../transport/transport.ts';

/** How calls are sent over HTTP, loaded with the first of them: who brings another client does not pay for it. */
export class LazyTransport {
  readonly #load: () => Promise<Transport>;
  #loading: Promise<Transport> | undefined;
  #loaded: Transport | undefined;

  constructor(load: () => Promise<Transport>) {
    this.#load = load;
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
    this.#loading ??= this.#load().then((transport) => {
      this.#loaded = transport;
      return transport;
    });
    return this.#loading;
  }
}
