import type { CallOptions } from '../core/call.ts';
import { MeshError } from '../core/errors.ts';
import { show } from '../policy/read.ts';
import { make } from './keeper.ts';
import { MeshResponse } from './response.ts';

/**
 * What a `fallback` may give for a request: an answer of another request, of `fetch`, or one that is made up of a status,
 * headers and a body.
 */
export type FallbackAnswer =
  | MeshResponse
  | Response
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: string | Uint8Array | undefined;
    };

/** What may be said of any call and is not said by its request: the same words for `request`, `fetch` and axios. */
export type AboutCall = Omit<
  CallOptions<FallbackAnswer>,
  'method' | 'path' | 'headers' | 'signal' | 'request' | 'replayable'
>;

const WORDS: Readonly<Record<keyof AboutCall, true>> = {
  idempotent: true,
  timeout: true,
  route: true,
  key: true,
  priority: true,
  fallback: true,
  strategy: true,
  classify: true,
};

/** Their names. */
export const ABOUT_CALL: readonly string[] = Object.keys(WORDS);

/** Of a request that says nothing of the kind. */
export const NOTHING_SAID: Required<AboutCall> = Object.freeze({
  idempotent: undefined,
  timeout: undefined,
  route: undefined,
  key: undefined,
  priority: undefined,
  fallback: undefined,
  strategy: undefined,
  classify: undefined,
});

/** What was said of a call beside its request. @throws MeshError INVALID_ARGUMENT for what is none of it. */
export function checkAbout(given: unknown): asserts given is AboutCall {
  if (typeof given !== 'object' || given === null) {
    throw new MeshError('request', `mesh must be an object of what is said of the call, got ${show(given)}`);
  }
  for (const key in given) {
    if (!Object.hasOwn(WORDS, key)) {
      throw new MeshError('request', `mesh has no option '${key}'; there are ${ABOUT_CALL.join(', ')}`);
    }
  }
}

/** A fallback that gives answers of our own. It fails for what is none, and then the call does as it would without. */
export function answering(fallback: AboutCall['fallback']): ((error: unknown) => unknown) | undefined {
  if (typeof fallback !== 'function') return fallback; // whoever is called says what is wrong with it
  return (error) => {
    const given = fallback(error);
    return given instanceof MeshResponse ? given : Promise.resolve(given).then(answerOf);
  };
}

async function answerOf(given: FallbackAnswer): Promise<MeshResponse> {
  if (given instanceof MeshResponse) return given;
  if (given instanceof Response) {
    const headers = Object.fromEntries(given.headers);
    delete headers['content-encoding']; // `fetch` has decoded it
    return make(given.status, headers, Buffer.from(await given.arrayBuffer()));
  }
  const { status, headers = {}, body = '' } = given;
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new TypeError('a fallback gave no answer');
  return make(status, headers, body);
}
