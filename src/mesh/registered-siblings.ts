import type { Endpoint } from '../core/endpoint.ts';
import type { Callers, Peers } from '../core/peers.ts';
import type { Random } from '../core/random.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Siblings } from '../core/siblings.ts';
import type { Registry, Resolving } from '../discovery/registry.ts';
import type { Standing } from '../math/aperture.ts';

/** How long the list must have stood before our place on it is another: who moves on the ring makes new connections. */
const SETTLED_MS = 5_000;

/** The instances of our own service, as the registry lists them. It is asked once somebody wants to know. */
export class RegisteredSiblings implements Siblings, Peers {
  readonly #service: string;
  readonly #registry: Registry;
  readonly #random: Random;
  readonly #own: () => string | undefined;
  #resolving: Resolving | undefined;
  #of: Resolution | undefined;
  #count = 1;
  #closed = false;
  #seed: number | undefined;
  #heard: Resolution | undefined;
  #heardAt = 0;
  #ranked: Resolution | undefined;
  #standings = new Map<string | undefined, Standing>();
  #callers: Callers = new Map();

  /** `own` gives the id under which we are listed ourselves; nothing while we are not. */
  constructor(service: string, registry: Registry, random: Random, own: () => string | undefined) {
    this.#service = service;
    this.#registry = registry;
    this.#random = random;
    this.#own = own;
  }

  /** Those of weight 0 are on their way out and do not count; while the registry is away its last list stands. */
  get count(): number {
    const value = this.#listed();
    if (value !== this.#of) {
      this.#of = value;
      this.#count = Math.max(1, endpointsOf(value).filter(({ weight }) => weight > 0).length);
    }
    return this.#count;
  }

  get known(): number {
    return this.#resolving === undefined ? 1 : this.count;
  }

  get seed(): number {
    this.#seed ??= this.#random.bits();
    return this.#seed;
  }

  /** By the order of ids. Those of weight 0 call as ever, so they count here. */
  standing(zone: string | undefined, now: number): Standing | undefined {
    return this.#rank(now) ? this.#standings.get(zone) : undefined;
  }

  callers(now: number): Callers | undefined {
    return this.#rank(now) && this.#callers.size > 0 ? this.#callers : undefined;
  }

  /** Reckons them anew where the list has stood for long enough. False while we are not listed ourselves. */
  #rank(now: number): boolean {
    const id = this.#own();
    if (id === undefined) return false;
    const value = this.#listed();
    if (value !== this.#heard) {
      this.#heard = value;
      this.#heardAt = now;
    }
    if (value !== this.#ranked && (this.#standings.size === 0 || now - this.#heardAt >= SETTLED_MS)) {
      this.#ranked = value;
      this.#standings = standings(endpointsOf(value), id, this.#standings);
      this.#callers = this.#standings.size === 0 ? new Map() : byZone(endpointsOf(value));
    }
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#resolving?.[Symbol.asyncDispose]();
  }

  #listed(): Resolution {
    if (this.#closed && this.#resolving === undefined) return NOTHING; // it is too late to ask
    this.#resolving ??= this.#registry.resolve(this.#service);
    return this.#resolving.value;
  }
}

const NOTHING: Resolution = { is: 'pending' };

const endpointsOf = (value: Resolution): readonly Endpoint[] => ('endpoints' in value ? value.endpoints : []);

function byZone(endpoints: readonly Endpoint[]): Callers {
  const counts = new Map<string, number>();
  for (const { zone } of endpoints) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  return counts;
}

/** Our place among all and among those of our zone; the same objects where nothing has moved. */
function standings(endpoints: readonly Endpoint[], id: string, before: ReadonlyMap<string | undefined, Standing>) {
  const found = new Map<string | undefined, Standing>();
  const own = endpoints.find((one) => one.id === id);
  if (own === undefined) return found;
  for (const zone of [undefined, own.zone]) {
    const like = endpoints.filter((one) => zone === undefined || one.zone === zone);
    const standing = { index: like.filter((one) => one.id < id).length, of: like.length };
    const known = before.get(zone);
    found.set(zone, known?.index === standing.index && known.of === standing.of ? known : standing);
  }
  return found;
}
