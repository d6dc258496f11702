import type { Context } from '../core/context.ts';
import { MeshError } from '../core/errors.ts';
import type { Watch } from '../core/watch.ts';
import { readTap, Tap, type TapOptions } from './tap.ts';

/** The taps of one mesh that are open. */
export class Taps {
  readonly #watch: Watch | undefined;
  readonly #retriesLeft: (context: Context) => number;
  readonly #open = new Set<Tap>();
  #closed = false;

  constructor(watch: Watch | undefined, retriesLeft: (context: Context) => number) {
    this.#watch = watch;
    this.#retriesLeft = retriesLeft;
  }

  /** Opens one, which ends by itself when these are closed. */
  open(options: TapOptions): Tap {
    const { service, shows, ...reading } = readTap(options);
    if (this.#watch === undefined) throw new MeshError('request', 'tap needs a mesh made by createMesh');
    let stop = (): void => {};
    const tap = new Tap(reading, () => {
      stop();
      this.#open.delete(tap);
    });
    if (this.#closed) {
      tap.end();
      return tap;
    }
    stop = this.#watch.tap({
      wants: (called) => service === undefined || called === service,
      shows,
      retriesLeft: this.#retriesLeft,
      tell: (call) => tap.tell(call),
    });
    this.#open.add(tap);
    return tap;
  }

  close(): void {
    this.#closed = true;
    for (const tap of [...this.#open]) tap.end();
  }
}
