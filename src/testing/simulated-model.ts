import {
  atLeast0,
  bad,
  bool,
  type Check,
  check,
  number,
  object,
  oneOf,
  positive,
  share,
  text,
  whole,
} from './option-check.ts';

/** How a simulated server behaves. All of it may change while the simulation runs. */
export interface ServerModel {
  /** Milliseconds that half of the answers take less than. 10 unless told. */
  ms: number;
  /** How far answers spread: the sigma of their lognormal distribution; 0 makes all equal. 0.4 unless told. */
  spread: number;
  /** How answers are distributed: about `ms` by `spread`, or with no memory, half of them below `ms`. `lognormal` unless told. */
  shape: 'lognormal' | 'exponential';
  /** Requests worked on at once; the others queue. 32 unless told. */
  workers: number;
  /** The share of requests that fail, from 0 to 1. 0 unless told. */
  failing: number;
  /** What a failed request answers. 503 unless told. */
  status: number;
  /** Milliseconds that a failed request takes. 1 unless told: failing is fast. */
  failingMs: number;
  /** The share of requests that take long although nothing is wrong, from 0 to 1. 0 unless told. */
  tail: number;
  /** Milliseconds that those take, at least and at most. 200 to 500 unless told. */
  tailMs: readonly [least: number, most: number];
  /** Whether it works on requests whose caller has given up, as most servers do. False unless told: it lets them go. */
  heedless: boolean;
  /**
   * `refusing`: nobody listens. `dead`: not even a refusal comes back. `hanging`: takes requests, never answers.
   * `paused`: takes requests, and stands still until it is `up` again, as in a long garbage collection.
   */
  is: 'up' | 'refusing' | 'dead' | 'hanging' | 'paused';
}

/** What a server is like of which nothing is told. */
export const USUAL: ServerModel = {
  ms: 10,
  spread: 0.4,
  shape: 'lognormal',
  workers: 32,
  failing: 0,
  status: 503,
  failingMs: 1,
  tail: 0,
  tailMs: [200, 500],
  heedless: false,
  is: 'up',
};

/** A server of a simulation: how it behaves, and what its record says. */
export type ServerOptions = Partial<ServerModel> & {
  /** 1 unless told; 0 gets nothing. */
  readonly weight?: number;
  /** None unless told. */
  readonly zone?: string;
  /** Labels, a `priority`: see `docs/reference/records.md`. None unless told. */
  readonly metadata?: Readonly<Record<string, string>>;
};

const MODEL: Readonly<Record<keyof ServerModel, Check>> = {
  ms: positive,
  spread: atLeast0,
  shape: oneOf('lognormal', 'exponential'),
  workers: whole(1),
  failing: share,
  status: number(100, 599, 'a status from 100 to 599'),
  failingMs: atLeast0,
  tail: share,
  tailMs: [
    'two numbers of milliseconds, the least and the most',
    (value) => Array.isArray(value) && value.length === 2 && value.every(atLeast0[1]) && value[0] <= value[1],
  ],
  heedless: bool,
  is: oneOf('up', 'refusing', 'dead', 'hanging', 'paused'),
};

const SERVER: Readonly<Record<keyof ServerOptions, Check>> = {
  ...MODEL,
  weight: atLeast0,
  zone: text,
  metadata: object,
};

/** @throws MeshError INVALID_ARGUMENT when a server is not as it must be; `where` is what it says first. */
export const checkServer = (where: string, server: ServerOptions): void => check(where, SERVER, server);

/** @throws MeshError INVALID_ARGUMENT when a change of servers is not as it must be, or a place is nobody's. */
export function checkChange(model: Partial<ServerModel>, places: readonly number[], servers: number): void {
  check('change: ', MODEL, model);
  const nobody = places.find((place) => !(Number.isInteger(place) && place >= 0 && place < servers));
  if (nobody !== undefined) throw bad(`change: no server has the place ${nobody}; there are 0 to ${servers - 1}`);
}
