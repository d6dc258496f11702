import { MeshError } from '../core/errors.ts';
import { type FetchInit, type FetchMessage, readFetch } from './fetch-message.ts';
import { toResponse } from './fetch-response.ts';
import { NOTHING } from './payload.ts';
import { hop, isRedirect } from './redirect.ts';
import { abandonUnsent, type Message } from './request.ts';
import type { MeshResponse } from './response.ts';

const MOST_REDIRECTS = 20; // Fetch standard, HTTP-redirect fetch
const NO_BODY = new Set([101, 103, 204, 205, 304]);

type Send = (message: Message) => Promise<MeshResponse>;

/** A `fetch` of the WHATWG kind, whose hosts are services. What may be said of a call is said under `mesh`. */
export type Fetch = (input: string | URL | Request, init?: FetchInit) => Promise<Response>;

/** Makes a `fetch` out of a way to send messages. */
export function createFetch(send: Send, keep: (service: string) => number): Fetch {
  const begin = (message: FetchMessage): Promise<Response> => {
    if (message.signal?.aborted) return aborted(message);
    return send(message).then(
      (answer) =>
        isRedirect(answer) && message.redirect !== 'manual'
          ? follow(send, message, answer)
          : finish(message, answer, false),
      (error) => {
        throw seen(error, message.signal);
      },
    );
  };
  return (input, init) => {
    try {
      const message = readFetch(input, init, keep);
      return message instanceof Promise ? message.then(begin) : begin(message);
    } catch (error) {
      return Promise.reject(MeshError.is(error) ? failed(error) : error);
    }
  };
}

async function follow(send: Send, first: FetchMessage, redirect: MeshResponse): Promise<Response> {
  let [message, answer] = [first, redirect];
  try {
    for (let hops = 1; isRedirect(answer); hops++) {
      void answer.body.dump();
      const { service } = message.target;
      if (message.redirect === 'error') throw new MeshError('request', `${service}: redirects, which was not wanted`);
      if (hops > MOST_REDIRECTS) throw new MeshError('request', `${service}: more than ${MOST_REDIRECTS} redirects`);
      const { hasBody, ...next } = hop(message, answer);
      const payload = hasBody ? message.payload : NOTHING;
      if (!hasBody) abandonUnsent(message.payload);
      if (payload.source?.touched && !payload.replayable) {
        throw new MeshError('request', `${service}: redirects, but the body has been sent`);
      }
      message = { ...message, ...next, headers: next.headers!, payload, hasBody: payload !== NOTHING };
      answer = await send(message);
    }
  } catch (error) {
    abandonUnsent(first.payload);
    throw seen(error, first.signal);
  }
  return finish(message, answer, true);
}

function finish({ target, method, signal }: FetchMessage, answer: MeshResponse, isRedirected: boolean): Response {
  const hasBody = method !== 'HEAD' && !NO_BODY.has(answer.statusCode);
  if (!hasBody) void answer.body.dump();
  return toResponse({
    answer,
    hasBody,
    signal,
    url: new URL(`http://${target.service}${target.path}`).href,
    redirected: isRedirected,
    mapError: (error) => (signal?.aborted || !(error instanceof Error) ? error : terminated(error)),
  });
}

function aborted({ signal, payload }: FetchMessage): Promise<never> {
  payload.source?.abandon(signal!.reason);
  return Promise.reject(signal!.reason);
}

/** What the caller gets to see: the reason of an abort as it is, anything else as a network error. */
const seen = (error: unknown, signal: AbortSignal | undefined): unknown =>
  signal?.aborted ? signal.reason : failed(error);

const failed = (cause: unknown): TypeError => new TypeError('fetch failed', { cause });
const terminated = (cause: unknown): unknown =>
  cause instanceof TypeError ? cause : new TypeError('terminated', { cause });
