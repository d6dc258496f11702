import { MeshError } from './errors.ts';

/** A circuit breaker that a user has made: as much of an `opossum` instance as the mesh touches. */
export interface UserBreaker {
  /** Whether it refuses. */
  readonly opened: boolean;
  /** Whether it lets a call try. */
  readonly halfOpen: boolean;
  /** Whether its owner has ended it: then it guards nothing. */
  readonly isShutdown: boolean;
  /** Whether its owner has not switched it off. */
  readonly enabled: boolean;
  /** Is told what became of a call. */
  fire(...given: unknown[]): Promise<unknown>;
  /** Tells when it moves. */
  on(event: 'open' | 'halfOpen' | 'close', heard: () => void): unknown;
  /** Tells so no more. */
  off(event: 'open' | 'halfOpen' | 'close', heard: () => void): unknown;
}

/** The breakers of users by service; those of a service by route, where `*` stands for all that are not named. */
export type UserBreakers = Readonly<Record<string, UserBreaker | Readonly<Record<string, UserBreaker>>>>;

const isBreaker = (given: object): given is UserBreaker => typeof (given as Partial<UserBreaker>).fire === 'function';

/** The user's breaker that a call falls under, and the route it is for; nothing where none was given. */
export function userBreaker(
  breakers: UserBreakers,
  service: string,
  route: string | undefined,
): { readonly breaker: UserBreaker; readonly route: string } | undefined {
  const given = Object.hasOwn(breakers, service) ? breakers[service] : undefined;
  if (given === undefined) return undefined;
  if (isBreaker(given)) return { breaker: given, route: '' };
  if (route !== undefined && route !== '*' && Object.hasOwn(given, route)) return { breaker: given[route]!, route };
  const others = Object.hasOwn(given, '*') ? given['*'] : undefined;
  return others && { breaker: others, route: '' };
}

/**
 * @throws MeshError INVALID_ARGUMENT for what is no breaker; for one that would give back what it has kept, or bounds the
 * calls that it runs, of which it runs none; and for one given twice, whose verdicts about one service would close another.
 */
export function checkBreakers(given: unknown): asserts given is UserBreakers {
  if (typeof given !== 'object' || given === null) {
    throw new MeshError('request', 'createMesh: circuits must be an object of opossum breakers by service');
  }
  const paths = new Map<unknown, string>();
  for (const [path, breaker] of placed(given)) {
    checkBreaker(`createMesh: circuits.${path}`, breaker);
    const other = paths.get(breaker);
    if (other !== undefined) throw twice(path, other);
    paths.set(breaker, path);
  }
}

/** What was given, each with where it stands. */
const placed = (given: object): [path: string, breaker: unknown][] =>
  Object.entries(given).flatMap(([service, one]): [string, unknown][] =>
    typeof one === 'object' && one !== null && !isBreaker(one)
      ? Object.entries(one).map(([route, its]) => [`${service}.${route}`, its])
      : [[service, one]],
  );

/** Those that open meshes have. The only thing that meshes of one process know of each other: they were given it. */
const held = new WeakSet<object>();

/** Keeps breakers for one mesh, until they are let go of. @throws MeshError INVALID_ARGUMENT where another has one of them. */
export function holdBreakers(given: UserBreakers): void {
  const all = placed(given) as [string, UserBreaker][];
  const [taken] = all.find(([, breaker]) => held.has(breaker)) ?? [];
  if (taken !== undefined) throw elsewhere(taken);
  for (const [, breaker] of all) held.add(breaker);
}

/** Their mesh is closed: another may have them. */
export function letGoOfBreakers(given: UserBreakers): void {
  for (const [, breaker] of placed(given)) held.delete(breaker as UserBreaker);
}

function checkBreaker(path: string, given: unknown): void {
  const breaker = given as (Partial<UserBreaker> & { readonly options?: unknown }) | null;
  const whole = typeof breaker === 'object' && [breaker?.fire, breaker?.on, breaker?.off].every(isFunction);
  if (!whole) throw new MeshError('request', `${path} must be an opossum breaker`);
  const { cache, coalesce, capacity = NO_BOUND } = (breaker?.options ?? {}) as Readonly<Record<string, unknown>>;
  if (cache || coalesce) {
    throw new MeshError(
      'request',
      `${path} has a cache or coalesces calls, so it would not hear of each; see collapse`,
    );
  }
  if ((capacity as number) < NO_BOUND) {
    throw new MeshError(
      'request',
      `${path} has a capacity, but runs no calls: it is told what came of them; see limit.service`,
    );
  }
}

const NO_BOUND = Number.MAX_SAFE_INTEGER; // opossum's own word for a capacity that was not given

const twice = (path: string, other: string): MeshError =>
  new MeshError(
    'request',
    `createMesh: circuits.${path} is the breaker of circuits.${other}: each guards one service or route ('*' is all routes that are not named)`,
  );

const elsewhere = (path: string): MeshError =>
  new MeshError(
    'request',
    `createMesh: circuits.${path} is a breaker that another mesh of this process has: each guards for one mesh, until that is closed`,
  );

const isFunction = (value: unknown): boolean => typeof value === 'function';
