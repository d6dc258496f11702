import { Journal } from './journal.ts';
import type { Deed, EndpointReport, Figures, Report } from './messages.ts';

/** One of the `orders` servers, as the stage knows it. */
export interface Server {
  readonly name: string;
  readonly weight: number;
  readonly answerMs: number;
  /** `host:port`; known once it listens. */
  address: string;
  condition: 'starting' | 'well' | 'failing' | 'killed';
}

/** How one endpoint fared lately. */
export interface Lately {
  /** Of all attempts. */
  readonly share: number;
  readonly perSecond: number;
  readonly ms: number;
}

/** How often the mesh did what. */
export type Tallies = Record<Deed['is'], number>;

const NOTHING: Figures = { calls: 0, failed: 0, p50: 0, p90: 0, p99: 0 };
const WINDOW = 10; // reports, which come ten times a second

/** All that there is to show, as it stands. */
export class Show {
  readonly servers: readonly Server[];
  readonly journal: Journal;
  readonly tallies: Tallies = { retry: 0, ejected: 0, returned: 0, panic: 0, stale: 0, joined: 0, left: 0, budget: 0 };
  /** What is the matter now, in words. */
  phase = '';
  attempts = 0;
  mesh = NOTHING;
  plain = NOTHING;
  endpoints: readonly EndpointReport[] = [];
  #isStale = false;
  readonly #recent: (readonly EndpointReport[])[] = [];
  readonly #begun = performance.now();
  #started: number | undefined;

  constructor(servers: readonly Server[]) {
    this.servers = servers;
    this.journal = new Journal((address) => servers.find((server) => server.address === address)?.name ?? address);
  }

  /** Seconds since the calls began; before that, none. */
  get at(): number {
    return this.#started === undefined ? 0 : (performance.now() - this.#started) / 1_000;
  }

  /** Seconds since the curtain rose. */
  get up(): number {
    return (performance.now() - this.#begun) / 1_000;
  }

  /** Whether the mesh knows all servers there are, and has that from a registry that is there. */
  get isWhole(): boolean {
    return !this.#isStale && this.endpoints.length === this.servers.length;
  }

  start(): void {
    this.#started = performance.now();
  }

  /** The client with a mesh has told how it fares. */
  hear({ total, attempts, endpoints, deeds }: Report): void {
    this.mesh = total;
    this.attempts = attempts;
    this.endpoints = endpoints;
    this.#recent.push(endpoints);
    if (this.#recent.length > WINDOW) this.#recent.shift();
    for (const deed of deeds) {
      if (deed.is === 'stale') this.#isStale = deed.on;
      if (!('on' in deed) || deed.on) this.tallies[deed.is]++;
      this.journal.mesh(this.at, deed);
    }
  }

  /** What one endpoint had of the attempts in the last second. */
  lately(address: string): Lately {
    let [all, own, ms] = [0, 0, 0];
    for (const endpoint of this.#recent.flat()) {
      all += endpoint.attempts;
      if (endpoint.address !== address) continue;
      own += endpoint.attempts;
      ms += endpoint.ms;
    }
    const seconds = Math.max(1, this.#recent.length) / WINDOW;
    return { share: all === 0 ? 0 : own / all, perSecond: Math.round(own / seconds), ms: own === 0 ? 0 : ms / own };
  }
}
