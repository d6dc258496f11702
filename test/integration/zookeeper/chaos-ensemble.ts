import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../src/core/random.ts';
import { startEnsemble, type ZooKeeperServer } from '../../support/zookeeper.ts';

const SIZE = 3;
const LOOK_MS = 20;
const LONG_MS = 250; // for a look: a server or this very process, on whose machine others are busy, stood still

/** Since when all servers serve, and nobody stands still, while somebody looks. */
export interface Serving extends AsyncDisposable {
  readonly since: number;
}

/** Three real servers to kill, wipe and freeze; one cure heals all. */
export class HurtEnsemble {
  readonly #random: Random;
  #servers: readonly ZooKeeperServer[] = [];
  readonly #dead = new Set<ZooKeeperServer>();
  readonly #frozen = new Set<ZooKeeperServer>();
  #wiped = false;

  constructor(random: Random) {
    this.#random = random;
  }

  get all(): readonly ZooKeeperServer[] {
    return this.#servers;
  }

  async open(): Promise<void> {
    this.#servers = await startEnsemble(SIZE);
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  async kill(count: number): Promise<void> {
    const first = this.#random.below(SIZE);
    const killed = Array.from({ length: count }, (_, at) => this.#servers[(first + at) % SIZE]!);
    for (const server of killed) this.#dead.add(server);
    await Promise.all(killed.map((server) => server.kill()));
  }

  /** All lose what they knew. */
  async wipe(): Promise<void> {
    await this.kill(SIZE);
    this.#wiped = true;
  }

  freeze(): void {
    const server = this.#servers[this.#random.below(SIZE)]!;
    if (this.#dead.has(server)) return;
    server.freeze();
    this.#frozen.add(server);
  }

  async heal(): Promise<void> {
    for (const server of this.#frozen) server.thaw();
    const wipe = this.#wiped;
    await Promise.all([...this.#dead].map((server) => server.start({ wipe }))); // all at once: alone they find no quorum
    this.#wiped = false;
    this.#frozen.clear();
    this.#dead.clear();
  }

  /** Looks whether all serve: those that were frozen, or are back, may vote once more, and how long that takes is theirs. */
  watch(): Serving {
    let [since, looking] = [performance.now(), true];
    const look = async (server: ZooKeeperServer): Promise<void> => {
      while (looking) {
        const begun = performance.now();
        const serves = /Mode: \w+/.test(await server.ask('srvr').catch(() => ''));
        await pause(LOOK_MS);
        if (!serves || performance.now() - begun > LONG_MS) since = performance.now();
      }
    };
    const looks = this.#servers.map(look);
    return {
      get since() {
        return since;
      },
      async [Symbol.asyncDispose]() {
        looking = false;
        await Promise.all(looks);
      },
    };
  }
}
