import type { Live } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Unreadable } from './unreadable.ts';

/** A resolution that keeps itself up to date until it is disposed of. */
export interface Resolving extends Live<Resolution>, AsyncDisposable {
  /** Records of the service that can not be read at this moment; a registry whose records can not go wrong has none. */
  readonly unreadable?: Unreadable;
}

/** What a process tells about itself: one instance of a service. */
export interface Instance {
  /** The service that it is an instance of. */
  readonly service: string;
  /** Unique among the instances of the service, and the same for as long as the process lives. */
  readonly id: string;
  /** Where it can be reached: a host name or an IP address, without brackets. */
  readonly host: string;
  /** Where it listens, from 1 to 65 535. */
  readonly port: number;
  /** Whether it speaks https. */
  readonly secure: boolean;
  /** How much of the traffic it should have beside the others; 0 takes no new calls. */
  readonly weight: number;
  /** Where it runs; empty when nobody said. */
  readonly zone: string;
  /** What else it tells, such as labels for `subset`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** How an announcement stands. `conflict`: another live process has the same id, and was there first. */
export type Listing = 'joining' | 'listed' | 'lost' | 'conflict' | 'left';

/** What may change about an instance while it is listed. */
export interface InstanceChange {
  /** Another share of the traffic; 0 takes no new calls. */
  readonly weight?: number;
  /** All of what else it tells; what is left out is gone. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A place on the list, kept for as long as it is not disposed of, whatever the registry goes through meanwhile. */
export interface Announcement extends AsyncDisposable {
  /** What is told. */
  readonly instance: Instance;
  /** How it stands, now and whenever that changes. */
  readonly state: Live<Listing>;
  /** Changes what is told, in place. */
  update(change: InstanceChange): Promise<void>;
  /** Leaves the list, for good. Settles in bounded time also when the registry is away. */
  close(): Promise<void>;
}

/** How it stands with a registry that is reached over a network. */
export interface RegistrySession {
  /**
   * `suspended`: it can not be reached, and may still hold what we told it. `lost`: by our own clock, or its own word, it
   * holds that no longer.
   */
  readonly is: 'connecting' | 'connected' | 'suspended' | 'lost' | 'closed';
  /** Why it is not connected; or, where it is, what would keep it from being so again. Holds no secret. */
  readonly problem?: string;
}

/**
 * Knows where services live. Opened by `createMesh`, closed by `mesh.close()`. Anything of this shape can be handed to
 * `createMesh({ registry })`; `test/laws/registry.ts` says what it promises.
 */
export interface Registry extends AsyncDisposable {
  /** What it is, for people: `local:///run/inmesh`. Holds no secret. */
  readonly name: string;
  /** The host that instances have when nobody says; where all are on one machine, its loopback. */
  readonly host?: string;
  /** How it stands with it; a registry that is simply there, as a folder is, has none. */
  readonly session?: Live<RegistrySession>;
  /** Finds out where a service lives, and keeps finding out. Never throws: trouble is told as `pending` or `stale`. */
  resolve(service: string): Resolving;
  /** Lists an instance. Resolves once it is listed; rejects with a MeshError when it can not be. */
  announce(instance: Instance): Promise<Announcement>;
  /** The services there are, in the order of their names. */
  services(): Promise<readonly string[]>;
  /** Ends everything that was opened, in bounded time. */
  close(): Promise<void>;
}
