import { systemClock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { Events } from '../core/events.ts';
import { entropy } from '../core/random.ts';
import { Timeouts } from '../core/timeouts.ts';
import { eventChannels, tracingChannels } from '../telemetry/channels.ts';
import { Watches } from '../telemetry/watch.ts';
import { Mesh } from './mesh.ts';
import { checkOptions, type MeshOptions, readPolicy } from './options.ts';
import { openRegistry } from './registries.ts';
import { checkStacks } from './stacks.ts';

/**
 * Makes a mesh, with all that it needs loaded.
 * @throws MeshError INVALID_ARGUMENT when an option is not usable; UNAVAILABLE when the registry can not be opened.
 */
export async function openMesh(options: MeshOptions): Promise<Mesh> {
  checkOptions(options);
  const policies = readPolicy(options.policy === undefined ? {} : options.policy);
  const env = watched(options.env ?? realWorld());
  if (options.stacks !== undefined) checkStacks(options.stacks, env);
  const registry = await openRegistry(options.registry, env);
  const mesh = new Mesh(options.service, env, registry, policies, options.stacks ?? {});
  if (options.signals) mesh.heed(options.signals === true ? {} : options.signals);
  return mesh;
}

/** The world with somebody to look at calls: at first those who subscribe to our channels. */
function watched(env: Env): Env {
  env.events.connect(eventChannels);
  return { ...env, watch: new Watches(env, [tracingChannels]) };
}

function realWorld(): Env {
  return { clock: systemClock, random: entropy(), events: new Events(), timeouts: new Timeouts(systemClock) };
}
