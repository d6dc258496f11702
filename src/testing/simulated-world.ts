import type { OutgoingAttempt } from '../core/attempt.ts';
import type { Send } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { LiveValue } from '../core/live.ts';
import type { Probe } from '../core/probe.ts';
import type { Random } from '../core/random.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Registry, Resolving } from '../discovery/registry.ts';
import { SimulatedCallers } from './simulated-callers.ts';
import { type ServerModel, SimulatedServer } from './simulated-server.ts';

/** A server of a simulation: how it behaves, and what its record says. */
export type ServerOptions = Partial<ServerModel> & {
  readonly weight?: number;
  readonly zone?: string;
  readonly metadata?: Readonly<Record<string, string>>;
};

/** The servers of a simulation, and the registry that knows them: `orders`, all of them; `orders-0`, the first alone. */
export class SimulatedWorld {
  /** In the order in which they came. */
  readonly servers: SimulatedServer[] = [];
  /** The most attempts that one call made. */
  mostAttempts = 0;
  readonly #callers = new SimulatedCallers();
  readonly #byUrl = new Map<string, SimulatedServer>();
  readonly #listed = new LiveValue<Resolution>({ is: 'bound', endpoints: [] });
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random, servers: readonly ServerOptions[]) {
    this.#clock = clock;
    this.#random = random;
    for (const server of servers) this.add(server);
  }

  /** Puts one more server on the list. */
  add({ weight = 1, zone = '', metadata = {}, ...model }: ServerOptions): SimulatedServer {
    const server = new SimulatedServer(this.#clock, this.#random, model);
    const url = `http://10.0.0.${this.servers.push(server)}:3000`;
    this.#byUrl.set(url, server);
    this.#list([...this.#endpoints, endpoint(url, { weight, zone, metadata })]);
    return server;
  }

  /** Makes servers behave otherwise from now on: those at these places, or all. */
  change(model: Partial<ServerModel>, ...places: readonly number[]): void {
    for (const [place, server] of this.servers.entries()) {
      if (places.length === 0 || places.includes(place)) Object.assign(server.model, model);
    }
  }

  /** Takes a server off the list; it goes on answering what it has. */
  remove(server: SimulatedServer): void {
    this.#list(this.#endpoints.filter(({ url }) => this.#byUrl.get(url) !== server));
  }

  /** What a call's client does: goes to the server that the attempt names. */
  readonly send: Send<unknown> = (attempt) => {
    this.mostAttempts = Math.max(this.mostAttempts, attempt.attempt);
    return this.#byUrl.get(attempt.endpoint.url)!.send(attempt as OutgoingAttempt);
  };

  /** What active checks find, as `health` of the policy has them: a server that is up is well. */
  readonly probe: Probe = ({ endpoint: { url } }) => this.#byUrl.get(url)!.check();

  /** Starts all counts anew. */
  forget(): void {
    this.mostAttempts = 0;
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
        : new LiveValue(bound([this.#endpoints[Number(one)]!]));
    return {
      get value() {
        return resolution.value;
      },
      watch: (watcher) => resolution.watch(watcher),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  get #endpoints(): readonly Endpoint[] {
    const { value } = this.#listed;
    return value.is === 'bound' ? value.endpoints : [];
  }

  #list(endpoints: readonly Endpoint[]): void {
    this.#listed.set(bound(endpoints));
  }
}

const bound = (endpoints: readonly Endpoint[]): Resolution => ({ is: 'bound', endpoints });
