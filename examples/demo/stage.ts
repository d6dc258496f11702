import type { ChildProcess } from 'node:child_process';
import { on, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ClientSettings,
  FinalReport,
  FromOrders,
  OrdersSettings,
  Report,
  ToClient,
  ToOrders,
} from './messages.ts';
import { type Server, Show } from './show.ts';
import type { Troupe } from './troupe.ts';

const CALLS_PER_SECOND = 100; // by each client
const LONGEST_START_MS = 60_000; // a busy machine is slow
const LOOK_MS = 50;

const CAST = [
  { name: 'a', weight: 2, answerMs: 20 },
  { name: 'b', weight: 1, answerMs: 20 },
  { name: 'c', weight: 1, answerMs: 200 }, // ten times slower
] as const;

export type Name = (typeof CAST)[number]['name'];

/** Both clients' last words. */
export interface Outcome {
  readonly mesh: FinalReport;
  readonly plain: FinalReport;
}

/** Three servers and two clients, and what can be done to them. */
export class Stage {
  readonly show = new Show(CAST.map((part): Server => ({ ...part, address: '', condition: 'starting' })));
  readonly #troupe: Troupe;
  readonly #registry: string;
  readonly #servers = new Map<Name, ChildProcess>();
  readonly #ready = new Map<Name, ChildProcess>();
  readonly #clients: ChildProcess[] = [];

  constructor(troupe: Troupe, registry: string) {
    this.#troupe = troupe;
    this.#registry = registry;
  }

  /** Starts everybody. Resolves once the mesh of the client knows all three servers. */
  async open(): Promise<void> {
    await Promise.all(CAST.map(({ name }) => this.start(name)));
    const urls = this.show.servers.map(({ address }) => `http://${address}`);
    const settings: ClientSettings = { registry: this.#registry, urls, callsPerSecond: CALLS_PER_SECOND };
    const [mesh, plain] = [this.#troupe.start('checkout.ts', settings), this.#troupe.start('plain.ts', settings)];
    this.#clients.push(mesh, plain);
    mesh.on('message', (report: Report) => this.show.hear(report));
    plain.on('message', ({ total }: Report) => {
      this.show.plain = total;
    });
    const late = AbortSignal.timeout(LONGEST_START_MS);
    await Promise.all([once(plain, 'message', { signal: late }), this.#known(mesh, late)]);
  }

  /** A new phase begins. */
  enter(phase: number, name: string): void {
    this.show.phase = name;
    if (phase === 0) this.show.start();
    for (const client of this.#clients) client.send({ phase } satisfies ToClient);
  }

  /** Has a process stand ready that is to be a server again: it begins at once when that is started. */
  async prepare(name: Name): Promise<void> {
    const child = this.#process(name, true);
    this.#ready.set(name, child);
    await told(child);
  }

  /** Starts a server, or starts it again where it was. */
  async start(name: Name): Promise<void> {
    const server = this.#server(name);
    const ready = this.#ready.get(name);
    const child = ready ?? this.#process(name, false);
    this.#ready.delete(name);
    this.#servers.set(name, child);
    ready?.send('begin' satisfies ToOrders);
    const message = (await told(child)) as FromOrders;
    server.address = `127.0.0.1:${message.port}`;
    server.condition = 'well';
  }

  /** Kills a server as a machine that fails does. Gives back the id its process had. */
  kill(name: Name): number {
    const child = this.#servers.get(name)!;
    this.#troupe.kill(child);
    this.#servers.delete(name);
    this.#server(name).condition = 'killed';
    return child.pid!;
  }

  /** Makes a server fail a share of its answers. */
  fail(name: Name, failing: number): void {
    this.#servers.get(name)!.send({ failing } satisfies ToOrders);
    this.#server(name).condition = failing > 0 ? 'failing' : 'well';
  }

  /** Waits until the client with a mesh knows everybody, from a registry that is there. */
  async known(): Promise<void> {
    const end = performance.now() + LONGEST_START_MS;
    while (!this.show.isWhole && performance.now() < end) await sleep(LOOK_MS);
  }

  /** Ends everybody: the clients first, once their calls are answered. */
  async close(): Promise<Outcome> {
    const [mesh, plain] = await Promise.all(this.#clients.map((client) => this.#lastWords(client)));
    await Promise.all([...this.#servers.values()].map((server) => this.#dismiss(server)));
    return { mesh: mesh!, plain: plain! };
  }

  #process(name: Name, waits: boolean): ChildProcess {
    const { address, weight, answerMs } = this.#server(name);
    const port = Number(address.split(':')[1] ?? 0);
    const registry = this.#registry;
    return this.#troupe.start('orders.ts', { registry, weight, answerMs, port, waits } satisfies OrdersSettings);
  }

  async #known(mesh: ChildProcess, signal: AbortSignal): Promise<void> {
    for await (const [report] of on(mesh, 'message', { signal })) {
      if ((report as Report).endpoints.length === CAST.length) return;
    }
  }

  async #lastWords(client: ChildProcess): Promise<FinalReport> {
    client.send('end' satisfies ToClient);
    for await (const [report] of on(client, 'message')) {
      if (!('phases' in report)) continue;
      const ended = this.#troupe.end(client);
      client.disconnect();
      await ended;
      return report as FinalReport;
    }
    throw new Error('a client ended without a word');
  }

  #dismiss(server: ChildProcess): Promise<void> {
    const ended = this.#troupe.end(server);
    server.send('end' satisfies ToOrders);
    return ended;
  }

  #server(name: Name): Server {
    return this.show.servers.find((server) => server.name === name)!;
  }
}

/** What a process says next. */
async function told(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message', { signal: AbortSignal.timeout(LONGEST_START_MS) });
  return message;
}
