import { events, type MeshEvent } from '../core/events.ts';
import { formatDuration } from '../policy/duration.ts';

type Sentences = { readonly [T in MeshEvent['type']]?: (event: Extract<MeshEvent, { type: T }>) => string };

const after = (problem: string): string => (problem === '' ? '' : `: ${problem}`);
const KINDS = { certificate: 'certificate', token: 'key for tokens' } as const;
const rounded = (ms: number): string => formatDuration(Math.round(ms));

/** What a log says of events that people look at: which of two things it was, and of whom. Others are said in general. */
const sentences: Sentences = {
  ejected: ({ endpoint, forMs, why, failures, enforced }) =>
    `${endpoint} ${enforced ? 'is' : 'would be'} left out for ${rounded(forMs)}${why === 'failures' ? `, after ${failures === 1 ? 'a failure' : `${failures} failures in a row`}` : ` (${why})`}`,
  returned: ({ endpoint }) => `${endpoint} is back in rotation`,
  circuit: ({ state, route, failures, calls }) =>
    `the circuit${route === '' ? '' : ` of ${route}`} is ${state}, ${failures} of ${calls} calls failed`,
  panic: ({ on, healthy, endpoints }) =>
    `${healthy} of ${endpoints} endpoints are healthy, ${on ? 'too few, so that health is ignored' : 'enough again'}`,
  subset: ({ on, labels, fallback }) =>
    on
      ? `no endpoint has ${labels}, so that calls ${fallback === 'any' ? 'go to any' : 'fail'}`
      : `there are endpoints with ${labels} again`,
  registry: ({ stale, error }) =>
    stale ? `the registry can not be asked, what was known stands${after(error)}` : 'the registry can be asked again',
  dependency: ({ connected, problem }) => (connected ? 'what is depended on is there' : problem),
  listing: ({ id, state }) => `our instance ${id} is ${state === 'conflict' ? 'listed by another process' : state}`,
  session: ({ state, problem }) => `the session with the registry is ${state}${after(problem)}`,
  record: ({ id, problem }) => `the record ${id} can not be read${after(problem)}`,
  'quota-store': ({ away, problem }) =>
    away ? `the shared count can not be asked, and each goes by its part${after(problem)}` : 'the shared count is back',
  credentials: ({ what, issuer, problem }) =>
    `${what === 'issuer' ? `the keys of ${issuer}` : `our ${KINDS[what]}`} ${problem === '' ? 'can be used again' : `can not be used as found, what was there before stands${after(problem)}`}`,
  fault: ({ problem }) => `a handler threw${after(problem.split('\n', 1)[0]!)}`, // where it did, the facts say
  policy: ({ accepted, problem }) =>
    accepted ? 'another policy is in force' : `a policy was refused${after(problem)}`,
  'access-log': ({ dropped }) => `${dropped} lines of the access log were dropped`,
  leaving: ({ step, ms, problem }) => `${step} after ${rounded(ms)}${after(problem)}`,
};

// What could end a line, or hide or turn round what stands behind it: words of others are among these sentences.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** An event as a sentence in one line; whose it is stands first. */
export function sayEvent(event: MeshEvent): string {
  const say = sentences[event.type] as ((event: MeshEvent) => string) | undefined;
  return `${event.service}: ${say === undefined ? events[event.type] : say(event)}`.replaceAll(UNSEEN, '?');
}
