import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { LiveValue } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import type { Announcement, Instance, Listing } from '../discovery/registry.ts';

/** The list of those who call, as a registry has it: what shared quotas and apertures go by. */
export class SimulatedCallers {
  readonly #lists = new Map<string, LiveValue<Resolution>>();

  /** Who is listed under this name; nothing where nobody ever was. */
  of(service: string): LiveValue<Resolution> | undefined {
    return this.#lists.get(service);
  }

  /** Puts one on the list, at once. */
  async announce(instance: Instance): Promise<Announcement> {
    const { service, id, host, port, weight, zone, metadata } = instance;
    const state = new LiveValue<Listing>('listed');
    const list = (now: Partial<Instance>): void => {
      const url = `http://${host}:${port}`;
      this.#set(service, id, endpoint(url, { id, weight, zone, metadata, ...now }));
    };
    list({});
    const close = async (): Promise<void> => {
      this.#set(service, id);
      state.set('left');
    };
    return { instance, state, update: async (change) => list(change), close, [Symbol.asyncDispose]: close };
  }

  #set(service: string, id: string, ...now: readonly Endpoint[]): void {
    const list = this.#lists.get(service) ?? new LiveValue<Resolution>({ is: 'bound', endpoints: [] });
    this.#lists.set(service, list);
    const { value } = list;
    const others = value.is === 'bound' ? value.endpoints.filter((one) => one.id !== id) : [];
    list.set({ is: 'bound', endpoints: [...others, ...now] });
  }
}
