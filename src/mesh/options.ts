import type { IdentityOptions } from '../auth/options.ts';
import { checkBreakers, type UserBreakers } from '../core/breakers.ts';
import type { Compare } from '../core/compare.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { messageOf } from '../core/message-of.ts';
import type { FixedServices } from '../discovery/fixed.ts';
import { checkServiceName } from '../discovery/names.ts';
import type { Registry } from '../discovery/registry.ts';
import { PolicySet } from '../policy/policy.ts';
import { show } from '../policy/read.ts';
import type { PolicyDocument } from '../policy/table.ts';
import type { RedisClient } from '../redis/client.ts';
import { checkTelemetry, type TelemetryOptions } from '../telemetry/options.ts';
import { type CloseOptions, readClose } from './close.ts';
import type { Stacks } from './cluster.ts';

/** What a mesh is made of. */
export interface MeshOptions {
  /** Who we are: the service that this process is an instance of. */
  readonly service: string;
  /**
   * Where the others are found: `'local:'` (the processes of this user on this machine), `'local:///a/folder'`,
   * `'zookeeper://host:2181'`, `{ fixed: { orders: ['http://10.0.0.5:3000'] } }`, or a registry of your own.
   */
  readonly registry: string | { readonly fixed: FixedServices } | Registry;
  /**
   * The zone this process runs in, such as `'eu-west-1a'`: calls stay in it as far as it can take them, and it is what
   * `announce` and `serve` say of us. Unless told, zones do not matter.
   */
  readonly zone?: string | undefined;
  /** How calls behave; what it does not say is as the reference says. `mesh.setPolicy` replaces it. */
  readonly policy?: PolicyDocument | undefined;
  /** Filters of your own, put among ours by name. */
  readonly stacks?: Stacks | undefined;
  /**
   * Whether the mesh closes when the process is asked to end, by SIGTERM or SIGINT; not unless told. What `close` may be
   * told can be told here. Then the process ends by that signal, unless others listen to it; a second one ends it at once.
   */
  readonly signals?: boolean | CloseOptions | undefined;
  /**
   * Keys, secrets and certificates: by which we prove who we are, and others prove it to us. What is asked for by them is
   * policy: `identify` and `authenticate`.
   */
  readonly identity?: IdentityOptions | undefined;
  /**
   * An `ioredis` or `redis` client of yours, in which quotas of `share: 'redis'` are counted. Needs the package
   * `rate-limiter-flexible`. The mesh asks it, and neither opens nor closes it.
   */
  readonly redis?: RedisClient | undefined;
  /**
   * Opossum breakers of your own, by service, or by service and route (`*` for the other routes): they stand in for the
   * circuit there, with their options, events and counts, and guard calls unless `circuit.mode` says otherwise. Each stands
   * in one place of one mesh, until that is closed, and has no cache and no capacity. The mesh feeds them and never shuts
   * them down.
   */
  readonly circuits?: UserBreakers | undefined;
  /**
   * Is given each call that `mirror` has copied, and the copy, when both are over: what became of them, and what they
   * answered, up to 64 KiB. It changes nothing of the call, not even by failing.
   */
  readonly compare?: Compare | undefined;
  /** What the mesh tells of itself: the access log, a logger. */
  readonly telemetry?: TelemetryOptions | undefined;
  /** Another world than the real one, for tests: see `inmesh/testing`. */
  readonly env?: Env | undefined;
}

const KEYS: readonly (keyof MeshOptions)[] = [
  'service',
  'registry',
  'zone',
  'policy',
  'stacks',
  'signals',
  'identity',
  'redis',
  'circuits',
  'compare',
  'telemetry',
  'env',
];

/** Checks what `createMesh` was given. @throws MeshError INVALID_ARGUMENT that says what, where, and what there is. */
export function checkOptions(options: unknown): asserts options is MeshOptions {
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `createMesh needs an object with service and registry, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key as keyof MeshOptions)) {
      throw new MeshError('request', `createMesh: no such option '${key}'; there are ${KEYS.join(', ')}`);
    }
  }
  const {
    service,
    registry,
    zone = '',
    signals = false,
    redis,
    circuits,
    compare,
    telemetry,
  } = options as Record<string, unknown>;
  checkServiceName(service);
  const known = typeof registry === 'string' || (typeof registry === 'object' && registry !== null);
  if (!known)
    throw new MeshError('request', `createMesh: registry must be a URL such as 'local:', { fixed } or a Registry`);
  if (typeof zone !== 'string' || zone.length > 253) {
    throw new MeshError('request', 'createMesh: zone must be a text of at most 253 characters');
  }
  if (typeof signals !== 'boolean') readClose(signals, 'createMesh: signals');
  if (redis !== undefined && typeof (redis as Partial<RedisClient> | null)?.eval !== 'function') {
    throw new MeshError('request', 'createMesh: redis must be a client of ioredis or redis');
  }
  if (circuits !== undefined) checkBreakers(circuits);
  if (compare !== undefined && typeof compare !== 'function') {
    throw new MeshError('request', `createMesh: compare must be a function, got ${typeof compare}`);
  }
  if (telemetry !== undefined) checkTelemetry(telemetry);
}

/** @throws MeshError INVALID_ARGUMENT that names the path, the value and what there is. */
export function readPolicy(document: unknown): PolicySet {
  try {
    if (document === undefined) throw new TypeError('the policy must be an object, got undefined');
    return new PolicySet(document);
  } catch (cause) {
    throw new MeshError('policy', messageOf(cause));
  }
}
