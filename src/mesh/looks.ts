import type { Clock, Timer } from '../core/clock.ts';
import type { Cluster } from './cluster.ts';

const MOST = 16; // services looked at that are not called
const LONGEST_MS = 30_000; // a registry takes its time to answer, and who looks twice wants to see the answer

/**
 * What is held for services that somebody asked about and nobody calls. Each is let go of after a while, and the one
 * looked at longest ago when there are many: a name that was typed wrong is not watched for ever.
 */
export class Looks {
  readonly #open: (service: string) => Cluster;
  readonly #clock: Clock;
  readonly #looks = new Map<string, { readonly cluster: Cluster; readonly timer: Timer }>();
  #closed = false;

  constructor(open: (service: string) => Cluster, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  at(service: string): Cluster {
    const known = this.#looks.get(service);
    if (known !== undefined) return known.cluster;
    const cluster = this.#open(service);
    if (this.#closed) {
      void cluster.close().catch(() => {});
      return cluster;
    }
    const timer = this.#clock.schedule(LONGEST_MS, () => this.end(service));
    timer.hold(false);
    this.#looks.set(service, { cluster, timer });
    if (this.#looks.size > MOST) this.end(this.#looks.keys().next().value!);
    return cluster;
  }

  /** It is looked at no more; does nothing when it is not. */
  end(service: string): void {
    const look = this.#looks.get(service);
    if (look === undefined) return;
    this.#looks.delete(service);
    look.timer.cancel();
    void look.cluster.close().catch(() => {});
  }

  close(): void {
    this.#closed = true;
    for (const service of [...this.#looks.keys()]) this.end(service);
  }
}
