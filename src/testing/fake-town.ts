import type { Endpoint } from '../core/endpoint.ts';
import { MeshError } from '../core/errors.ts';
import type { LiveValue } from '../core/live.ts';
import { LastGood } from '../discovery/last-good.ts';
import type { Instance, Listing } from '../discovery/registry.ts';

/** Somebody on the list, as the town sees them. */
export interface Listed {
  readonly instance: Instance;
  readonly endpoint: Endpoint;
  readonly state: LiveValue<Listing>;
  /** Takes them off the list. */
  drop(): void;
}

/** What all clients of a fake registry share: what was said, who announced themselves, and who wants to know. */
export class FakeTown {
  readonly #said = new Map<string, readonly Endpoint[]>();
  readonly #withheld = new Set<string>();
  readonly #announced = new Set<Listed>();
  readonly #lists = new Map<LastGood, string>();
  #away: { readonly error: unknown } | undefined;

  get away(): { readonly error: unknown } | undefined {
    return this.#away;
  }

  get open(): number {
    return this.#announced.size + this.#lists.size;
  }

  set(service: string, endpoints: readonly Endpoint[]): void {
    this.#withheld.delete(service);
    this.#said.set(service, endpoints);
    this.tell(service);
  }

  forget(service: string): void {
    this.#withheld.delete(service);
    this.#said.delete(service);
    for (const announcement of this.#of(service)) announcement.drop();
    this.tell(service);
  }

  withhold(service: string): void {
    this.#withheld.add(service);
  }

  fail(error: unknown): void {
    this.#away = { error };
    for (const list of this.#lists.keys()) list.fail(error);
    for (const announcement of this.#announced) announcement.state.set('lost');
  }

  heal(): void {
    this.#away = undefined;
    for (const announcement of this.#announced) announcement.state.set('listed');
    for (const service of new Set(this.#lists.values())) this.tell(service);
  }

  resolve(service: string): { list: LastGood; end: () => void } {
    const list = new LastGood();
    this.#lists.set(list, service);
    this.tell(service);
    const end = () => {
      this.#lists.delete(list);
      list.close();
    };
    return { list, end };
  }

  add(announcement: Listed): void {
    const { service, id } = announcement.instance;
    if (this.#of(service).some((other) => other.instance.id === id)) {
      throw new MeshError('registry', `${service}: another live process is listed as '${id}'`, { service });
    }
    this.#announced.add(announcement);
    this.#said.set(service, this.#said.get(service) ?? []);
    this.tell(service);
  }

  remove(announcement: Listed): void {
    this.#announced.delete(announcement);
    this.tell(announcement.instance.service);
  }

  services(): readonly string[] {
    return [...this.#said.keys()].filter((service) => this.#endpoints(service).length > 0).sort();
  }

  /** Tells everybody who asked for the service where it lives. */
  tell(service: string): void {
    if (this.#away !== undefined || this.#withheld.has(service)) return;
    const known = this.#said.has(service);
    for (const [list, name] of this.#lists) {
      if (name !== service) continue;
      if (known) list.list(this.#endpoints(service));
      else list.absent();
    }
  }

  #of(service: string): Listed[] {
    return [...this.#announced].filter((announcement) => announcement.instance.service === service);
  }

  #endpoints(service: string): readonly Endpoint[] {
    const announced = this.#of(service).map(({ endpoint }) => endpoint);
    const ids = new Set(announced.map(({ id }) => id));
    return [...announced, ...(this.#said.get(service) ?? []).filter(({ id }) => !ids.has(id))];
  }
}
