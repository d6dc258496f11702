import { holdBreakers, letGoOfBreakers } from '../core/breakers.ts';
import { systemClock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { Events } from '../core/events.ts';
import { entropy } from '../core/random.ts';
import { Timeouts } from '../core/timeouts.ts';
import type { PolicySet } from '../policy/policy.ts';
import { clockApart, makeApart } from './apart.ts';
import { Mesh } from './mesh.ts';
import { warnOfOldNode } from './node-version.ts';
import { checkOptions, type MeshOptions, readPolicy } from './options.ts';
import { openRegistry } from './registries.ts';
import { checkStacks } from './stacks.ts';
import { watched } from './watched.ts';

/**
 * Makes a mesh, with all that it needs loaded.
 * @throws MeshError INVALID_ARGUMENT when an option is not usable; UNAVAILABLE when the registry can not be opened.
 */
export async function openMesh(options: MeshOptions): Promise<Mesh> {
  checkOptions(options);
  warnOfOldNode();
  const policies = readPolicy(options.policy === undefined ? {} : options.policy);
  const world = options.env ?? realWorld();
  const place = { ...world.place, zone: options.zone ?? world.place?.zone ?? '' };
  const { circuits: breakers = world.breakers, compare = world.compare } = options;
  if (breakers !== undefined) holdBreakers(breakers);
  try {
    return await assemble({ ...world, place, breakers, compare }, policies, options);
  } catch (error) {
    if (breakers !== undefined) letGoOfBreakers(breakers);
    throw error;
  }
}

async function assemble(world: Env, policies: PolicySet, options: MeshOptions): Promise<Mesh> {
  const env = await identified(
    await counting(await watched(world, options.service, options.telemetry), options),
    options,
  );
  const registry = await opening(env, () => {
    if (options.stacks !== undefined) checkStacks(options.stacks, env);
    return openRegistry(options.registry, env);
  });
  const mesh = new Mesh(options.service, env, registry, policies, options.stacks ?? {});
  if (options.signals) mesh.heed(options.signals === true ? {} : options.signals);
  return mesh;
}

/** The world with a place to count what all instances share. */
async function counting(env: Env, { service, redis }: MeshOptions): Promise<Env> {
  if (redis === undefined) return env;
  const { RedisStore } = await import('../redis/store.ts');
  return { ...env, quotaStore: await RedisStore.open(redis, `inmesh:quota:${service}`) };
}

/** The world with keys and certificates in it. What nobody asked for is not loaded. */
async function identified(env: Env, { service, identity }: MeshOptions): Promise<Env> {
  if (identity === undefined) return env;
  const { openIdentity } = await import('../auth/identity.ts');
  return { ...env, identity: await openIdentity(env, service, identity) };
}

/** What fails after files are looked after leaves nobody to look after them. */
async function opening<T>(env: Env, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    env.identity?.close();
    throw error;
  }
}

function realWorld(): Env {
  const timeouts = new Timeouts(clockApart(systemClock, makeApart())); // one timer of theirs serves many requests
  return { clock: systemClock, random: entropy(), events: new Events(), timeouts };
}
