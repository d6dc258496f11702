import { atMost } from '../core/at-most.ts';
import type { Clock } from '../core/clock.ts';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Cancel } from '../core/live.ts';
import { messageOf } from '../core/message-of.ts';
import type { Announcement, Instance, Registry } from '../discovery/registry.ts';
import type { Readiness } from '../server/health.ts';
import { type AnnounceOptions, addressOf, makeInstance } from './announce.ts';

const LEAVE_MS = 3_000; // a registry needs two at most; one of a user's own may forget to end

/**
 * What is done before a process that serves is gone. It may take its time, within what `close` was given; `giveUp`
 * aborts when that is over, for who has something to let go of then.
 */
export type CloseTask = (giveUp: AbortSignal) => unknown;

/** What others see of this process: its places on the list, and what it serves. Both end in good order. */
export class Presence {
  readonly #service: string;
  readonly #env: Env;
  readonly #registry: Registry;
  readonly #announcements = new Set<Announcement>();
  /** What is listed, or being listed, by its address. */
  readonly #places = new Map<string, Instance>();
  readonly #tasks = new Set<CloseTask>();
  /** The servers that are served. */
  readonly servers = new Set<object>();
  #leaving = false;
  #starting = 0;
  #healths = 0;

  constructor(service: string, env: Env, registry: Registry) {
    this.#service = service;
    this.#env = env;
    this.#registry = registry;
  }

  /** The time that is ours. */
  get clock(): Clock {
    return this.#env.clock;
  }

  /** Gives a server of TLS our certificate, where we have one. */
  secure(server: object): void {
    this.#env.identity?.secure(server);
  }

  /** Whether there is anything that has to be ended in good order. */
  get any(): boolean {
    return this.#announcements.size + this.#tasks.size > 0;
  }

  /** The id under which we are listed; that which came first where there are several. */
  get id(): string | undefined {
    const [first] = this.#announcements;
    return first?.instance.id;
  }

  /** Whether others have been asked to call us no more. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** What is told to those who ask whether requests should be sent here. */
  get readiness(): Readiness {
    if (this.#healths === 0) return 'off';
    if (this.#leaving) return 'leaving';
    return this.#starting > 0 ? 'starting' : 'ready';
  }

  /** Has `/livez` and `/readyz` answered, for as long as one of those who want it does not take it back. */
  answerHealth(): Cancel {
    this.#healths++;
    return () => void this.#healths--;
  }

  /** Nobody is ready before this work is done. */
  async start<T>(work: Promise<T>): Promise<T> {
    this.#starting++;
    try {
      return await work;
    } finally {
      this.#starting--;
    }
  }

  async announce(options: AnnounceOptions): Promise<Announcement> {
    this.#mustStay();
    const instance = makeInstance(this.#service, options, this.#registry, this.#env);
    const leave = this.#occupy(instance);
    const announcement = await this.#list(instance).catch((error: unknown) => {
      leave();
      throw error;
    });
    this.#announcements.add(announcement);
    const gone = (): void => {
      this.#announcements.delete(announcement);
      leave();
    };
    let known = announcement.state.value; // that it is listed, its caller hears
    const cancel = announcement.state.watch((state) => {
      if (state === 'left') gone();
      if (state === known) return;
      known = state;
      const { clock, events } = this.#env;
      events.emit({ at: clock.epoch(), service: this.#service, type: 'listing', id: instance.id, state });
    });
    if (announcement.state.value === 'left') cancel();
    return hearingClose(announcement, gone);
  }

  /** What is on the list twice is called twice as often as others. */
  #occupy(instance: Instance): Cancel {
    const address = addressOf(instance);
    const there = this.#places.get(address);
    if (there !== undefined) {
      const what = `${this.#service} is listed at ${address} already, as '${there.id}'`;
      const cure = 'close that announcement first, or change what it tells by its update';
      throw new MeshError('request', `announce: ${what}; ${cure}`);
    }
    this.#places.set(address, instance);
    return () => {
      if (this.#places.get(address) === instance) this.#places.delete(address);
    };
  }

  async #list(instance: Instance): Promise<Announcement> {
    const announcement = await this.#registry.announce(instance);
    if (!this.#leaving) return announcement;
    await announcement.close();
    throw this.#closed();
  }

  onClose(task: CloseTask): Cancel {
    this.#mustStay();
    if (typeof task !== 'function') throw new MeshError('request', `onClose needs a function, got ${typeof task}`);
    const own: CloseTask = (giveUp) => task(giveUp); // given twice, it is done twice
    this.#tasks.add(own);
    return () => void this.#tasks.delete(own);
  }

  /** Asks everybody to call us no more, gives them `drainMs` to hear of it, and goes off the list. */
  async drain(drainMs: number): Promise<void> {
    this.#leaving = true;
    const all = [...this.#announcements];
    if (all.length === 0) return;
    const { clock } = this.#env;
    const begun = clock.now();
    // Registries note a change at once and tell it when they can, so that also an impatient close leaves as marked.
    // Asked in functions that are async: a registry of a user's own may throw.
    const marks = all.map(async (one) => one.update({ weight: 0 }));
    const told = await atMost(clock, drainMs, Promise.allSettled(marks));
    const heard = told?.filter(({ status }) => status === 'fulfilled').length ?? 0;
    if (heard > 0) await atMost(clock, drainMs);
    const unheard = drainMs === 0 ? 0 : all.length - heard; // who does not wait can not know
    this.#tell('drained', begun, unheard === 0 ? '' : `${unheard} of ${all.length} could not be told`);
    await atMost(clock, LEAVE_MS, Promise.allSettled(all.map(async (one) => one.close())));
  }

  /** Does what was to be done before the end; what takes longer than `timeoutMs` is left to itself. */
  async stop(timeoutMs: number): Promise<void> {
    this.#leaving = true;
    if (this.#tasks.size === 0) return;
    const { clock } = this.#env;
    const begun = clock.now();
    const giveUp = new AbortController();
    const tasks = [...this.#tasks].map(async (task) => task(giveUp.signal));
    const ended = await atMost(clock, timeoutMs, Promise.allSettled(tasks));
    if (ended === undefined) giveUp.abort(new MeshError('closed', `${this.#service}: the time to close is up`));
    const failed = ended?.find((one) => one.status === 'rejected');
    const late = `not done within ${timeoutMs} ms`;
    this.#tell('stopped', begun, ended === undefined ? late : failed === undefined ? '' : messageOf(failed.reason));
  }

  #tell(step: 'drained' | 'stopped', begun: number, problem: string): void {
    const { clock, events } = this.#env;
    const ms = clock.now() - begun;
    events.emit({ at: clock.epoch(), service: this.#service, type: 'leaving', step, ms, problem });
  }

  #mustStay(): void {
    if (this.#leaving) throw this.#closed();
  }

  #closed(): MeshError {
    return new MeshError('closed', `${this.#service}: the mesh is closed`);
  }
}

/** The same announcement, but that `gone` hears when it has been closed: one of a user's own may never say that it left. */
function hearingClose(announcement: Announcement, gone: () => void): Announcement {
  const close = async (): Promise<void> => {
    await announcement.close();
    gone();
  };
  return {
    get instance() {
      return announcement.instance;
    },
    state: announcement.state,
    update: async (change) => announcement.update(change),
    close,
    [Symbol.asyncDispose]: close,
  };
}
