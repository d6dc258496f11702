import type { Timer } from '../core/clock.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Cancel } from '../core/live.ts';
import type { Resolution } from '../core/resolution.ts';
import { LastGood } from '../discovery/last-good.ts';
import type { Resolving } from '../discovery/registry.ts';
import type { Unreadable } from '../discovery/unreadable.ts';
import { LONGEST_NAME } from './members.ts';
import { ServiceNodes } from './service-nodes.ts';
import { Stabilizer } from './stabilizer.ts';
import { folderOf, type Tree } from './tree.ts';

const REMEMBER_MS = 250; // a connection is usually there in a tenth of it

/** Where a service lives, as the tree says it, steadied: what the tree forgets for a moment is not forgotten. */
export class ServiceWatch implements Resolving {
  readonly #tree: Tree;
  readonly #service: string;
  readonly #last: LastGood;
  readonly #stabilizer: Stabilizer;
  readonly #nodes: ServiceNodes;
  readonly #ended: () => void;
  readonly #stopState: Cancel;
  #stopDeaths: Cancel | undefined;
  #remembering: Timer | undefined;
  #there = false;
  #folder: string | undefined; // by what it is known again
  #remembered: string | undefined; // the same, of the one that the process before us knew

  constructor(tree: Tree, service: string, ended: () => void) {
    const { session, env, holdMs } = tree;
    const { clock, events } = env;
    this.#tree = tree;
    this.#service = service;
    this.#ended = ended;
    this.#last = new LastGood();
    this.#stabilizer = new Stabilizer(clock, holdMs, (endpoints) => this.#publish(endpoints));
    this.#stopState = session.state.watch((state) => {
      if (state.is !== 'connected' && 'problem' in state) this.#away(new Error(state.problem));
    });
    this.#remembering = this.#rememberLater();
    this.#nodes = new ServiceNodes(tree, folderOf(tree, service), {
      found: ({ there, folder, endpoints, changed }) => {
        if (folder !== undefined && folder === this.#remembered) this.#stabilizer.trust();
        this.#remembered = undefined;
        this.#there = there;
        this.#folder = folder;
        this.#stabilizer.update(endpoints, changed);
      },
      wiped: () => this.#stabilizer.doubt(),
      record: (name, problem) => {
        const id = name.slice(0, LONGEST_NAME);
        events.emit({ type: 'record', at: clock.epoch(), service, id, problem });
      },
      trouble: (error) => this.#away(error),
    });
  }

  get value(): Resolution {
    return this.#last.value;
  }

  get unreadable(): Unreadable {
    return this.#nodes.unreadable;
  }

  watch(watcher: (value: Resolution) => void): Cancel {
    return this.#last.watch(watcher);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#last.close();
    this.#nodes.close();
    this.#stabilizer.close();
    this.#stopState();
    this.#stopDeaths?.();
    this.#remembering?.cancel();
    this.#ended();
  }

  #publish(endpoints: readonly Endpoint[]): void {
    this.#hearDeaths(this.#stabilizer.held > 0);
    this.#tree.snapshot?.note(this.#service, endpoints, this.#folder);
    if (endpoints.length === 0 && !this.#there) this.#last.absent();
    else this.#last.list(endpoints);
  }

  /** When the tree says nothing for a while, what a process before us knew is better than nothing. */
  #rememberLater(): Timer | undefined {
    const { env, session, snapshot } = this.#tree;
    if (snapshot?.of(this.#service) === undefined) return undefined;
    const timer = env.clock.schedule(REMEMBER_MS, () => {
      const remembered = snapshot.of(this.#service);
      if (this.value.is !== 'pending' || remembered === undefined) return;
      this.#remembered = remembered.folder;
      this.#stabilizer.recall(remembered.endpoints, remembered.ageMs);
      this.#last.recall(remembered.endpoints, new Error(session.problem), env.clock.now() - remembered.ageMs);
    });
    timer.hold(false);
    return timer;
  }

  /** Nobody can be asked: what was known stands, and nobody is taken off the list until the tree is seen again. */
  #away(error: unknown): void {
    this.#stabilizer.freeze();
    this.#last.fail(error);
  }

  /** While some are kept that the tree no longer has, those who call them may know better. */
  #hearDeaths(on: boolean): void {
    if (on === (this.#stopDeaths !== undefined)) return;
    this.#stopDeaths?.();
    this.#stopDeaths = on
      ? this.#tree.env.events.on((event) => {
          if (event.type !== 'ejected' || event.service !== this.#service || !event.enforced) return;
          if (event.why === 'asked' || event.why === 'leaving') return; // who says so is not dead
          const value = this.value;
          const endpoints = 'endpoints' in value ? value.endpoints : [];
          for (const { id, address } of endpoints) if (address === event.endpoint) this.#stabilizer.dead(id);
        })
      : undefined;
  }
}
