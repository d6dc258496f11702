import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { MeshError } from '../core/errors.ts';
import { LiveValue } from '../core/live.ts';
import { changed, checkInstance } from '../discovery/instance.ts';
import { LastGood } from '../discovery/last-good.ts';
import { endpointOf, recordOf } from '../discovery/record.ts';
import type { Announcement, Instance, InstanceChange, Listing, Registry, Resolving } from '../discovery/registry.ts';
import { decodeRecord, encodeRecord } from '../wire/record.ts';
import { FakeTown, type Listed } from './fake-town.ts';

/**
 * A registry that is whatever a test says it is, at once. As a registry it is one client of itself; more come from
 * `client()`, and each mesh closes its own.
 */
export class FakeRegistry implements Registry {
  readonly name = 'fake';
  readonly #town = new FakeTown();
  readonly #self = new FakeClient(this.#town);

  /** Says where a service lives: all of it, as URLs or endpoints. What was announced stays. */
  set(service: string, endpoints: readonly (string | Endpoint)[]): this {
    this.#town.set(
      service,
      endpoints.map((one) => (typeof one === 'string' ? endpoint(one) : one)),
    );
    return this;
  }

  /** Says that the registry has never heard of the service, nor of anybody who announced it. */
  forget(service: string): this {
    this.#town.forget(service);
    return this;
  }

  /** Says nothing yet of a service that was not asked for before, until it is set. */
  pending(service: string): this {
    this.#town.withhold(service);
    return this;
  }

  /** Takes the registry away: lists go stale, announcements are lost, nobody new is listed. */
  fail(error: unknown = new Error('the registry is away')): this {
    this.#town.fail(error);
    return this;
  }

  /** Brings it back, with all that was said and announced meanwhile. */
  heal(): this {
    this.#town.heal();
    return this;
  }

  /** How many resolutions and announcements are open, of all clients together; 0 when all was closed. */
  get open(): number {
    return this.#town.open;
  }

  /** Another client of the same registry, as another process would have. */
  client(): Registry {
    return new FakeClient(this.#town);
  }

  resolve(service: string): Resolving {
    return this.#self.resolve(service);
  }

  announce(instance: Instance): Promise<Announcement> {
    return this.#self.announce(instance);
  }

  services(): Promise<readonly string[]> {
    return this.#self.services();
  }

  close(): Promise<void> {
    return this.#self.close();
  }

  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

class FakeClient implements Registry {
  readonly name = 'fake';
  readonly #town: FakeTown;
  readonly #open = new Set<() => void>();
  #closed = false;

  constructor(town: FakeTown) {
    this.#town = town;
  }

  resolve(service: string): Resolving {
    if (this.#closed) return resolving(new LastGood(), () => {});
    const { list, end } = this.#town.resolve(service);
    const close = () => {
      this.#open.delete(close);
      end();
    };
    this.#open.add(close);
    return resolving(list, close);
  }

  async announce(instance: Instance): Promise<Announcement> {
    const checked = checkInstance(instance);
    if (this.#closed) throw new MeshError('closed', 'this client of the fake registry has been closed');
    const { away } = this.#town;
    if (away !== undefined) throw new MeshError('registry', 'the registry is away', { cause: away.error });
    const announcement = new FakeAnnouncement(checked, this.#town, () => this.#open.delete(leave));
    const leave = () => announcement.drop();
    this.#town.add(announcement);
    this.#open.add(leave);
    return announcement;
  }

  async services(): Promise<readonly string[]> {
    const { away } = this.#town;
    if (away !== undefined) throw new MeshError('registry', 'the registry is away', { cause: away.error });
    return this.#town.services();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const close of [...this.#open]) close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const resolving = (list: LastGood, close: () => void): Resolving => ({
  get value() {
    return list.value;
  },
  watch: (watcher) => list.watch(watcher),
  async [Symbol.asyncDispose]() {
    close();
  },
});

class FakeAnnouncement implements Announcement, Listed {
  readonly state = new LiveValue<Listing>('listed');
  readonly #town: FakeTown;
  readonly #left: () => void;
  #instance: Instance;

  constructor(instance: Instance, town: FakeTown, left: () => void) {
    this.#instance = instance;
    this.#town = town;
    this.#left = left;
  }

  get instance(): Instance {
    return this.#instance;
  }

  /** As everybody else sees it: written as a record, and read again. */
  get endpoint(): Endpoint {
    return endpointOf(decodeRecord(encodeRecord(recordOf(this.#instance, 0))));
  }

  async update(change: InstanceChange): Promise<void> {
    if (this.state.value === 'left') throw new MeshError('registry', 'the announcement has left the list');
    this.#instance = changed(this.#instance, change);
    this.#town.tell(this.#instance.service);
  }

  async close(): Promise<void> {
    this.drop();
  }

  drop(): void {
    if (this.state.value === 'left') return;
    this.state.set('left');
    this.#town.remove(this);
    this.#left();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
