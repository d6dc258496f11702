import { Readable } from 'node:stream';
import type { AxiosError, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { systemClock } from '../core/clock.ts';
import { type AboutCall, checkAbout } from './about-call.ts';
import { type ErrorClass, errorClassOf, toAxiosError } from './axios-errors.ts';
import { type AxiosRequest, readConfig } from './axios-request.ts';
import { readAnswer } from './axios-response.ts';
import { hop, isRedirect } from './redirect.ts';
import type { RequestOptions } from './request.ts';
import type { MeshResponse } from './response.ts';
import { parseTarget } from './target.ts';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** What may be said of a call through the mesh: `{ mesh: { strategy: 'failfast' } }`. */
    mesh?: AboutCall | undefined;
  }
}

/** Whatever sends requests to services: a mesh. */
export interface MeshRequester {
  /** Sends a request; see `Mesh`. */
  request(url: string, options?: RequestOptions): Promise<MeshResponse>;
}

const MOST_REDIRECTS = 21; // what axios does in Node
const LONGEST_MS = 999_999_999;

/**
 * Lets an instance of axios send through the mesh; the host of its URLs is then the name of a service. Interceptors,
 * transforms, `validateStatus`, `params`, `timeout`, cancelling and errors stay as they were, once for each call and not
 * for each attempt. What may be said of a call is said under `mesh`. Gives back the same instance. Its agents, proxy,
 * lookup and socketPath are not used any more, since connections are now the mesh's affair.
 * @param mesh The mesh that it calls by.
 * @param instance What `axios.create` made; its adapter is replaced.
 */
export function meshAxios<T extends AxiosInstance>(mesh: MeshRequester, instance: T): T {
  let errors: Promise<ErrorClass> | undefined;
  const classOf = () => {
    errors ??= errorClassOf(instance);
    return errors;
  };
  instance.defaults.adapter = async (config) => {
    const cancel = config.cancelToken ? fromToken(config) : undefined;
    let request: AxiosRequest | undefined;
    let response: AxiosResponse | undefined;
    try {
      const { timeout } = config;
      const dueAt = Number(timeout) > 0 ? systemClock.now() + Number(timeout) : Number.POSITIVE_INFINITY;
      request = readConfig(config, instance);
      const sent = await send(mesh, config, request, cancel?.signal ?? (config.signal as AbortSignal | undefined));
      response = await readAnswer(sent.answer, config, new Asked(sent.request), dueAt);
    } catch (error) {
      throw toAxiosError(await classOf(), error, config, request && new Asked(request));
    } finally {
      if (response?.data instanceof Readable) response.data.once('close', () => cancel?.release());
      else cancel?.release();
    }
    const { validateStatus } = config;
    if (!response.status || !validateStatus || validateStatus(response.status)) return response;
    throw badStatus(await classOf(), response);
  };
  return instance;
}

async function send(
  mesh: MeshRequester,
  config: InternalAxiosRequestConfig,
  request: AxiosRequest,
  signal: AbortSignal | undefined,
): Promise<Sent> {
  const { timeout, mesh: about = {} } = config;
  checkAbout(about);
  const options = {
    ...about,
    signal,
    timeout: Number(timeout) > 0 ? `${Math.min(LONGEST_MS, Math.max(1, Math.ceil(Number(timeout))))}ms` : about.timeout,
  };
  const ask = ({ url, method, headers, body }: AxiosRequest) =>
    mesh.request(url, { ...options, method, headers, body });
  const answer = await ask(request);
  if (config.maxRedirects === 0 || !isRedirect(answer)) return { answer, request };
  return follow(config, { answer, request }, ask);
}

interface Sent {
  readonly answer: MeshResponse;
  readonly request: AxiosRequest;
}

async function follow(
  config: InternalAxiosRequestConfig,
  first: Sent,
  ask: (request: AxiosRequest) => Promise<MeshResponse>,
): Promise<Sent> {
  let { answer, request } = first;
  for (let hops = 0; isRedirect(answer); hops++) {
    void answer.body.dump();
    if (hops >= (config.maxRedirects ?? MOST_REDIRECTS)) throw tooManyRedirects();
    const { url, method, headers, body } = request;
    const next = hop({ target: parseTarget(url), method, headers }, answer);
    const { service, path } = next.target;
    request = {
      url: `http://${service}${path}`,
      method: next.method,
      headers: next.headers!,
      body: next.hasBody ? body : null,
    };
    const options = { hostname: service, path, method: request.method, headers: request.headers };
    config.beforeRedirect?.(options, before(answer), { url, method, headers: headers as Record<string, string> });
    answer = await ask(request);
  }
  return { answer, request };
}

const before = ({ statusCode, headers }: MeshResponse) => ({ statusCode, headers: headers as Record<string, string> });

/** The signal of a request whose CancelToken is made into one. */
function fromToken({ cancelToken, signal }: InternalAxiosRequestConfig): { signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const token = cancelToken as unknown as { subscribe(f: () => void): void; unsubscribe(f: () => void): void };
  token.subscribe(abort);
  signal?.addEventListener?.('abort', abort);
  return {
    signal: controller.signal,
    release: () => {
      token.unsubscribe(abort);
      signal?.removeEventListener?.('abort', abort);
    },
  };
}

/** What stands for the request in answers and errors. `res.responseUrl` is where it went in the end, as axios has it. */
class Asked {
  readonly method: string;
  readonly url: string;

  constructor({ method, url }: AxiosRequest) {
    this.method = method;
    this.url = url;
  }

  get host(): string {
    return new URL(this.url).host;
  }

  get path(): string {
    return parseTarget(this.url).path;
  }

  get res(): { readonly responseUrl: string } {
    return { responseUrl: this.url };
  }
}

function badStatus(Class: ErrorClass, response: AxiosResponse): AxiosError {
  const { status, config, request } = response;
  const code = status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
  return new Class(`Request failed with status code ${status}`, code, config, request, response);
}

function tooManyRedirects(): Error {
  return Object.assign(new Error('Maximum number of redirects exceeded'), { code: 'ERR_FR_TOO_MANY_REDIRECTS' });
}
