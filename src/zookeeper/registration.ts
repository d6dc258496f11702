import type { Timer } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import { type Cancel, LiveValue } from '../core/live.ts';
import { changed } from '../discovery/instance.ts';
import { recordOf } from '../discovery/record.ts';
import type { Announcement, Instance, InstanceChange, Listing } from '../discovery/registry.ts';
import { encodeRecord } from '../wire/record.ts';
import { isCode, isPassing, ZookeeperError } from './errors.ts';
import { InstanceNode, type Look } from './instance-node.ts';
import type { Tree } from './tree.ts';
import { Waiters } from './waiters.ts';

const LEAVE_MS = 1_000;
const HEAL_MS = 250; // at most; a whole service that was cleared away shall not come back in one instant
const RETRY_MS = 1_000;
const TAKEN = 'another live process is listed under that name';
const LOOK_MS = 500; // for the last look, which says whether the other has gone
const PATIENCE = 1.5; // session timeouts: one ends up to a tick late, and is two ticks long at least

/** Keeps one instance on the list until it is closed, whatever happens to the session and to the tree. */
export class Registration implements Announcement {
  readonly state = new LiveValue<Listing>('joining');
  readonly #tree: Tree;
  readonly #node: InstanceNode;
  readonly #since: number;
  readonly #waiters: Waiters; // for the node to be as wanted
  readonly #stops: Cancel[];
  readonly #ended: () => void;
  #instance: Instance;
  #again = false;
  #looking = false;
  #timer: Timer | undefined;
  #conflictAt: number | undefined;
  #refusal = ''; // what the server said last, where it may say otherwise when asked again
  #closing: Promise<void> | undefined;

  /** `ended` is told once there is nothing left to see to. */
  constructor(instance: Instance, path: string, tree: Tree, ended: () => void) {
    this.#tree = tree;
    this.#instance = instance;
    this.#since = tree.env.clock.epoch();
    this.#waiters = new Waiters(tree.env.clock);
    this.#node = new InstanceNode(tree, path, this.#dataOf(instance));
    this.#ended = ended;
    const { session } = tree;
    this.#stops = [
      session.onUp(() => {
        this.#node.unwatched();
        this.#look();
      }),
      session.listeners.add(path, (event) => {
        if (event.path === path) this.#touched(event.is === 'deleted');
      }),
      session.state.watch(({ is }) => {
        if (is === 'lost' && this.state.value === 'listed') this.state.set('lost');
      }),
    ];
  }

  get instance(): Instance {
    return this.#instance;
  }

  /** Whether it has been closed, and is at most being seen off. */
  get leaving(): boolean {
    return this.#closing !== undefined;
  }

  /** Goes on the list. @throws MeshError when the id is taken, the ensemble is away, or it says no. */
  async join(): Promise<this> {
    const { session, joinMs } = this.#tree;
    try {
      await session.ready(joinMs);
      await this.#settled(joinMs, true);
      if (this.leaving) throw new ZookeeperError('CLOSED', 'it has been closed');
      return this;
    } catch (error) {
      void this.close();
      const { service, id } = this.#instance;
      const why = (error as Error).message;
      throw new MeshError('registry', `${service}: '${id}' can not be listed: ${why}`, { service, cause: error });
    }
  }

  /** Settles once it is told. Rejects when that takes long; it is told all the same, as soon as it can be. */
  async update(change: InstanceChange): Promise<void> {
    const { service, id } = this.#instance;
    if (this.leaving) throw new MeshError('registry', `${service}: '${id}' has left the list`, { service });
    this.#instance = changed(this.#instance, change);
    this.#node.data = this.#dataOf(this.#instance);
    try {
      await this.#settled(this.#tree.joinMs);
    } catch (error) {
      const why = (error as Error).message;
      throw new MeshError('registry', `${service}: the change of '${id}' is not told yet: ${why}`, { service });
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Lets go of the node as it is; it goes when the session does. */
  abandon(): void {
    this.#node.abandon();
    this.#timer?.cancel();
    for (const stop of this.#stops.splice(0)) stop();
    this.state.set('left');
    this.#waiters.tell();
    this.#ended();
  }

  /** What can not be removed now is removed as soon as the session goes on; if it ends, it takes the node along. */
  async #leave(): Promise<void> {
    if (this.state.value === 'listed') await this.#sayGoodbye();
    // A mark that was made a moment ago goes first: to who does not read it, one that leaves is one that is missed.
    const marks = this.state.value === 'listed' && !this.#node.said;
    if (marks) await didSettle(this.#settled(LEAVE_MS / 2));
    this.#node.wanted = false;
    await didSettle(this.#settled(marks ? LEAVE_MS / 2 : LEAVE_MS));
    this.state.set('left');
  }

  /** Says that we leave, where it is not said, and gives all a while to hear of it. */
  async #sayGoodbye(): Promise<void> {
    const { env, spreadMs } = this.#tree;
    if (spreadMs === 0 || this.#instance.weight === 0) return;
    this.#node.data = this.#dataOf({ ...this.#instance, weight: 0 });
    const told = await didSettle(this.#settled(LEAVE_MS));
    if (told) await new Promise<void>((resolve) => env.clock.schedule(spreadMs, resolve));
  }

  /**
   * Waits until the node is as wanted; `patient`: also longer, for the node of another to go.
   * @throws ZookeeperError when it can not be, or not in time.
   */
  #settled(ms: number, patient = false): Promise<void> {
    const settled = this.#waiters.wait(ms, () =>
      patient && this.#patienceLeft > 0
        ? this.#patienceLeft + LOOK_MS
        : new ZookeeperError('TIMEOUT', `not within ${ms} ms: ${this.#whyNot}`),
    );
    this.#look();
    return settled;
  }

  /** How long we wait for the node of another to go. */
  get #patienceLeft(): number {
    const { env, session } = this.#tree;
    return this.#conflictAt === undefined ? 0 : this.#conflictAt + PATIENCE * session.timeoutMs - env.clock.now();
  }

  get #whyNot(): string {
    const { session } = this.#tree;
    if (session.state.value.is !== 'connected') return session.problem;
    if (this.state.value === 'conflict') return TAKEN;
    return this.#refusal || 'the server has not answered yet';
  }

  #touched(deleted: boolean): void {
    const { env, session } = this.#tree;
    if (session.lacks.has('addWatch')) this.#node.unwatched(); // such a watch tells once
    const healing = deleted && this.#node.wanted && this.state.value === 'listed';
    this.#later(healing ? env.random.next() * HEAL_MS : 0);
  }

  #later(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#tree.env.clock.schedule(ms, () => this.#look());
    this.#timer.hold(false);
  }

  /** Looks at the node until it is as wanted, or nobody can be asked; one look at a time. */
  #look(): void {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    void this.#looks();
  }

  async #looks(): Promise<void> {
    const { session } = this.#tree;
    while (this.#again && !this.#node.abandoned && session.state.value.is === 'connected') {
      this.#again = false;
      try {
        const look = await this.#node.look();
        if (look === 'again') this.#again = true;
        else if (!this.#again) this.#seen(look);
      } catch (error) {
        if (!this.#again) this.#trouble(error);
      }
    }
    this.#looking = false;
  }

  #seen(look: Look): void {
    if (this.#node.abandoned) return;
    if (look === 'conflict') {
      this.#conflict();
      return;
    }
    this.#conflictAt = undefined;
    this.#refusal = '';
    if (this.#node.wanted) this.state.set('listed');
    this.#waiters.tell();
    if (!this.#node.wanted) this.abandon();
  }

  /**
   * Somebody else's node stands in our place, and is theirs for as long as it does. But whoever wants to be listed
   * waits a session timeout: one that was left by a process that died, our own before it was restarted perhaps, goes.
   */
  #conflict(): void {
    this.state.set('conflict');
    if (!this.#waiters.any) return;
    this.#conflictAt ??= this.#tree.env.clock.now();
    if (this.#patienceLeft > 0) this.#later(this.#patienceLeft);
    else this.#waiters.tell(new ZookeeperError('CONFLICT', TAKEN));
  }

  /**
   * A connection that was lost brings us back by itself; any other answer is tried again in a while. One that says no for
   * good is told to who waits.
   */
  #trouble(error: unknown): void {
    if (isCode(error, 'CONNECTION_LOSS') || isCode(error, 'UNIMPLEMENTED')) return;
    if (isPassing(error)) {
      this.#refusal = (error as Error).message;
      this.#later(RETRY_MS * (1 + this.#tree.env.random.next()));
      return;
    }
    if (this.state.value === 'listed') this.state.set('lost');
    this.#waiters.tell(error instanceof ZookeeperError ? error : new ZookeeperError('BUG', String(error)));
    this.#later(RETRY_MS * (1 + this.#tree.env.random.next()));
  }

  #dataOf(instance: Instance): Buffer {
    return Buffer.from(encodeRecord(recordOf(instance, this.#since), this.#tree.form));
  }
}

const didSettle = (settling: Promise<void>): Promise<boolean> =>
  settling.then(
    () => true,
    () => false,
  );
