import { Readable } from 'node:stream';
import type { AxiosError, AxiosInstance, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import { systemClock } from '../core/clock.ts';
import { type ErrorClass, errorClassOf, toAxiosError } from './axios-errors.ts';
import { type AxiosRequest, readConfig } from './axios-request.ts';
import { readAnswer } from './axios-response.ts';
import { hop, isRedirect } from './redirect.ts';
import type { RequestOptions } from './request.ts';
import type { MeshResponse } from './response.ts';

/** Whatever sends requests to services: a mesh. */
export interface MeshRequester {
  request(url: string, options?: RequestOptions): Promise<MeshResponse>;
}

const MOST_REDIRECTS = 21; // what axios does in Node
const LONGEST_MS = 999_999_999;

/**
 * Lets an instance of axios send through the mesh; the host of its URLs is then the name of a service. Interceptors,
 * transforms, `validateStatus`, `params`, `timeout`, cancelling and errors stay as they were, once for each call and not
 * for each attempt. Gives back the same instance. Its agents, proxy, lookup and socketPath are not used any more, since
 * connections are now the mesh's affair.
 */
export function meshAxios<T extends AxiosInstance>(mesh: MeshRequester, instance: T): T {
  let errors: Promise<ErrorClass> | undefined;
  const classOf = () => {
    errors ??= errorClassOf(instance);
    return errors;
  };
  instance.defaults.adapter = async (config) => {
    let request: AxiosRequest | undefined;
    let response: AxiosResponse | undefined;
    const cancel = cancelOf(config);
    try {
      request = readConfig(config, instance);
      const { timeout } = config;
      const dueAt = Number(timeout) > 0 ? systemClock.now() + Number(timeout) : Number.POSITIVE_INFINITY;
      const { answer, at } = await send(mesh, config, request, cancel.signal);
      response = await readAnswer(answer, config, describe(at), dueAt);
    } catch (error) {
      throw toAxiosError(await classOf(), error, config, request && describe(request));
    } finally {
      if (response?.data instanceof Readable) response.data.once('close', cancel.release);
      else cancel.release();
    }
    const { validateStatus } = config;
    if (!response.status || !validateStatus || validateStatus(response.status)) return response;
    throw badStatus(await classOf(), response);
  };
  return instance;
}

interface Sent {
  readonly answer: MeshResponse;
  readonly at: AxiosRequest;
}

async function send(
  mesh: MeshRequester,
  config: InternalAxiosRequestConfig,
  first: AxiosRequest,
  signal: AbortSignal | undefined,
): Promise<Sent> {
  const { maxRedirects = MOST_REDIRECTS, timeout } = config;
  const options = {
    signal,
    timeout: Number(timeout) > 0 ? `${Math.min(LONGEST_MS, Math.max(1, Math.ceil(Number(timeout))))}ms` : undefined,
  };
  let at = first;
  for (let hops = 0; ; hops++) {
    const { target, method, headers, body } = at;
    const answer = await mesh.request(`http://${target.service}${target.path}`, { ...options, method, headers, body });
    if (maxRedirects === 0 || !isRedirect(answer)) return { answer, at };
    void answer.body.dump();
    if (hops >= maxRedirects) throw tooManyRedirects();
    const next = hop(at, answer);
    at = { ...next, headers: next.headers!, body: next.hasBody ? body : null };
    config.beforeRedirect?.({ ...next.target, method: at.method, headers: at.headers }, before(answer), {
      headers: headers as Record<string, string>,
      url: `http://${target.service}${target.path}`,
      method,
    });
  }
}

const before = ({ statusCode, headers }: MeshResponse) => ({ statusCode, headers: headers as Record<string, string> });

/** The signal of a request; a CancelToken is made into one. */
function cancelOf({ cancelToken, signal }: InternalAxiosRequestConfig): {
  signal: AbortSignal | undefined;
  release(): void;
} {
  if (cancelToken === undefined || cancelToken === null) {
    return { signal: signal as AbortSignal | undefined, release: () => {} };
  }
  const controller = new AbortController();
  const abort = () => controller.abort();
  const token = cancelToken as typeof cancelToken & {
    subscribe(f: () => void): void;
    unsubscribe(f: () => void): void;
  };
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

/** What stands for the request in answers and errors; `res.responseUrl` is where it went in the end, as axios has it. */
const describe = ({ target: { service, path }, method }: AxiosRequest) => ({
  method,
  host: service,
  path,
  res: { responseUrl: `http://${service}${path}` },
});

function badStatus(Class: ErrorClass, response: AxiosResponse): AxiosError {
  const { status, config, request } = response;
  const code = status >= 400 && status < 500 ? 'ERR_BAD_REQUEST' : 'ERR_BAD_RESPONSE';
  return new Class(`Request failed with status code ${status}`, code, config, request, response);
}

function tooManyRedirects(): Error {
  return Object.assign(new Error('Maximum number of redirects exceeded'), { code: 'ERR_FR_TOO_MANY_REDIRECTS' });
}
