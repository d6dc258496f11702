import { systemClock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { Events } from '../core/events.ts';
import { entropy } from '../core/random.ts';
import { Timeouts } from '../core/timeouts.ts';
import { Mesh } from './mesh.ts';
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
  const policies = readPolicy(options.policy === undefined ? {} : options.policy);
  const env = await watched(options.env ?? realWorld(), options.telemetry);
  if (options.stacks !== undefined) checkStacks(options.stacks, env);
  const registry = await openRegistry(options.registry, env);
  const mesh = new Mesh(options.service, env, registry, policies, options.stacks ?? {});
  if (options.signals) mesh.heed(options.signals === true ? {} : options.signals);
  return mesh;
}

function realWorld(): Env {
  return { clock: systemClock, random: entropy(), events: new Events(), timeouts: new Timeouts(systemClock) };
}
