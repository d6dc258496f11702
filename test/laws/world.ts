import type { Instance, Registry } from '../../src/discovery/registry.ts';

/** A registry of some kind, and the hands to do to it what the world does. One is made for every law. */
export interface RegistryWorld extends AsyncDisposable {
  /** Opens a client, as a process of its own would. */
  open(): Promise<Registry>;
  /** Lists an instance, or changes one, without any client of ours. */
  list(instance: Instance): Promise<void>;
  /** Takes it off the list again, without any client of ours. */
  unlist(service: string, id: string): Promise<void>;
  /** Puts something that no one can read in the place of a record. */
  corrupt(service: string, id: string): Promise<void>;
  /** Takes the registry away from all its clients. */
  away(): Promise<void>;
  /** Brings it back, with all that it knew. */
  back(): Promise<void>;
  /** What there still is of clients that were closed: records, timers, watches, connections. Should be nothing. */
  leftovers(): Promise<readonly string[]>;
}

/** States a law: a sentence, and a world to hold it against. */
export type Law = (title: string, body: (world: RegistryWorld) => Promise<void>) => void;
