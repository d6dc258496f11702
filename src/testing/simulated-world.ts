import type { OutgoingAttempt } from '../core/attempt.ts';
import type { Send } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { LiveValue } from '../core/live.ts';
import type { Probe } from '../core/probe.ts';
import type { Random } from '../core/random.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Registry, Resolving } from '../discovery/registry.ts';
import { refused } from './script.ts';
import { SimulatedCallers } from './simulated-callers.ts';
import type { SimulatedDoor } from './simulated-door.ts';
import { checkChange, checkServer, type ServerModel, type ServerOptions } from './simulated-model.ts';
import { SimulatedServer } from './simulated-server.ts';

/** The servers of a simulation, and the registry that knows them: `orders`, all of them; `orders-0`, the first alone. */
export class SimulatedWorld {
  /** In the order in which they came. */
  readonly servers: SimulatedServer[] = [];
  /** The most attempts that one call made. */
  mostAttempts = 0;
  /** Every attempt: when, and to the server at which place. */
  readonly asked: { readonly at: number; readonly place: number }[] = [];
  readonly #callers = new SimulatedCallers();
  readonly #places = new Map<string, number>();
  readonly #cut = new Map<number, readonly number[]>();
  readonly #listed = new LiveValue<Resolution>({ is: 'bound', endpoints: [] });
  #endpoints: readonly Endpoint[] = [];
  #away = false;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #door: (() => SimulatedDoor) | undefined;

  /** @internal `simulate` makes it. `door` makes the way in to a server; where it is not told they take whatever comes. */
  constructor(clock: Clock, random: Random, servers: readonly ServerOptions[], door?: () => SimulatedDoor) {
    this.#clock = clock;
    this.#random = random;
    this.#door = door;
    for (const server of servers) this.add(server);
  }

  /** Puts one more server on the list. */
  add(options: ServerOptions): SimulatedServer {
    checkServer('add: ', options);
    const { weight = 1, zone = '', metadata = {}, ...model } = options;
    const server = new SimulatedServer(this.#clock, this.#random, model, this.#door?.());
    const url = `http://10.0.0.${this.servers.push(server)}:3000`;
    this.#places.set(url, this.servers.length - 1);
    this.#list([...this.#endpoints, endpoint(url, { weight, zone, metadata })]);
    return server;
  }

  /** Makes servers behave otherwise from now on: those at these places, or all. */
  change(model: Partial<ServerModel>, ...places: readonly number[]): void {
    checkChange(model, places, this.servers.length);
    for (const [place, server] of this.servers.entries()) {
      if (places.length === 0 || places.includes(place)) server.change(model);
    }
  }

  /** Takes a server off the list; it goes on answering what it has. */
  remove(server: SimulatedServer): void {
    this.#list(this.#endpoints.filter(({ url }) => this.servers[this.#places.get(url)!] !== server));
  }

  /** Parts one who calls from the servers at these places, as a network may: others still reach them. None: it is mended. */
  cut(client: number, ...places: readonly number[]): void {
    this.#cut.set(client, places);
  }

  /** Takes the registry away: those who call keep the list they have, whatever becomes of it. */
  registryAway(): void {
    this.#away = true;
    this.#tell();
  }

  /** Brings the registry back, with the list as it is by now. */
  registryBack(): void {
    this.#away = false;
    this.#tell();
  }

  /** What the client of one who calls does: goes to the server that the attempt names. */
  sendOf(client: number): Send<unknown> {
    return (attempt) => {
      this.mostAttempts = Math.max(this.mostAttempts, attempt.attempt);
      const place = this.#places.get(attempt.endpoint.url)!;
      if (this.#cut.get(client)?.includes(place)) return Promise.reject(refused());
      this.asked.push({ at: this.#clock.now(), place });
      return this.servers[place]!.send(attempt as OutgoingAttempt);
    };
  }

  /** What active checks find, as `health` of the policy has them: a server that is up is well. */
  readonly probe: Probe = ({ endpoint: { url } }) => this.servers[this.#places.get(url)!]!.check();

  /** Starts all counts anew. */
  forget(): void {
    this.mostAttempts = 0;
    this.asked.length = 0;
    for (const server of this.servers) server.forget();
  }

  /** What a mesh is given to find them. */
  readonly registry: Registry = {
    name: 'simulated:',
    resolve: (service) => this.#resolve(service),
    announce: (instance) => this.#callers.announce(instance),
    services: async () => ['orders'],
    close: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };

  #resolve(service: string): Resolving {
    const one = /^orders-(\d+)$/.exec(service)?.[1];
    const resolution =
      one === undefined
        ? (this.#callers.of(service) ?? this.#listed)
        : new LiveValue<Resolution>({ is: 'bound', endpoints: [this.#endpoints[Number(one)]!] });
    return {
      get value() {
        return resolution.value;
      },
      watch: (watcher) => resolution.watch(watcher),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #list(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
    if (!this.#away) this.#tell();
  }

  #tell(): void {
    const { value } = this.#listed;
    const known = value.is === 'bound' || value.is === 'stale' ? value.endpoints : [];
    const endpoints = this.#away ? known : this.#endpoints;
    const error = new Error('the registry is away');
    this.#listed.set(this.#away ? { is: 'stale', endpoints, error } : { is: 'bound', endpoints });
  }
}
