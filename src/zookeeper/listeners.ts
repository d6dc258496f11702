import type { Cancel } from '../core/live.ts';
import type { WatchEvent } from './operations.ts';
import { parentOf } from './paths.ts';

type Listener = (event: WatchEvent) => void;

/** Who wants to hear of what happens where. */
export class Listeners {
  readonly #byPath = new Map<string, Set<Listener>>();

  /** Calls `listener` for what happens at `path` and right below it. */
  add(path: string, listener: Listener): Cancel {
    const there = this.#byPath.get(path) ?? new Set();
    this.#byPath.set(path, there.add(listener));
    return () => {
      there.delete(listener);
      if (there.size === 0 && this.#byPath.get(path) === there) this.#byPath.delete(path);
    };
  }

  /** Whether anybody listens at `path`. */
  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  tell(event: WatchEvent): void {
    for (const path of event.path === '/' ? ['/'] : [event.path, parentOf(event.path)]) {
      for (const listener of [...(this.#byPath.get(path) ?? [])]) listener(event);
    }
  }
}
