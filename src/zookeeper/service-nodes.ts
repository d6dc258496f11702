import type { Cancel } from '../core/live.ts';
import type { Unreadable } from '../discovery/unreadable.ts';
import { isCode, orAbsent } from './errors.ts';
import { FolderState } from './folder-state.ts';
import { FORBIDDEN, type Known, knownOf } from './members.ts';
import { addWatch, exists, getChildren, getData, removeWatches, type Stat, type WatchEvent } from './operations.ts';
import { nameIn } from './paths.ts';
import { Questions } from './questions.ts';
import { ReadingList } from './reading-list.ts';
import { type Hearer, Roster } from './roster.ts';
import type { Up } from './session-state.ts';
import type { Tree } from './tree.ts';
import { Verification } from './verification.ts';

/**
 * Knows the instances of one service, by one watch over all of them. What is told is noted, and what was noted is read;
 * after a new connection one look at the folder says whether anybody came or went meanwhile.
 */
export class ServiceNodes {
  readonly #tree: Tree;
  readonly #folder: string;
  readonly #hearer: Hearer;
  readonly #verification: Verification;
  readonly #stops: Cancel[];
  readonly #roster = new Roster();
  readonly #toRead = new ReadingList();
  readonly #state = new FolderState();
  readonly #questions: Questions;
  #touched = new Map<string, WatchEvent['is']>(); // told of since the last question was asked: its answer may be older
  #mustWatch = true;
  #mustCheck = false;
  #mustList = false;
  #hasCome = false; // the folder, since it was last asked for: an answer that it is not there is older
  #untold = true;

  constructor(tree: Tree, folder: string, hearer: Hearer) {
    this.#tree = tree;
    this.#folder = folder;
    this.#hearer = hearer;
    this.#questions = new Questions(tree, {
      next: () => this.#next(),
      answered: () => this.#isWhole && this.#report(), // also where there is always something to read
      done: () => this.#report(),
      trouble: (error) => this.#trouble(error),
    });
    this.#verification = new Verification(tree.env, () => this.#questions.work());
    const { session } = tree;
    this.#stops = [session.listeners.add(folder, (event) => this.#hear(event)), session.onUp((up) => this.#up(up))];
    this.#questions.work();
  }

  /** Those of which nothing is known but that they are there. */
  get unreadable(): Unreadable {
    return this.#roster.unreadable;
  }

  close(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#questions.close();
    this.#verification.close();
    const { session } = this.#tree;
    if (!this.#oneShot && !this.#mustWatch && !session.listeners.has(this.#folder))
      session.ask(removeWatches(this.#folder)).catch(() => {}); // it goes with the connection at the latest
  }

  #up(up: Up): void {
    this.#questions.renew();
    this.#state.up(up);
    this.#mustWatch = this.#untold = true;
    this.#questions.work();
  }

  /** In a tree that began anew what we know of it may look like what it is now, and is not: all of it is read again. */
  #recognise(stat: Stat | undefined): void {
    if (!this.#state.isAnother(stat)) return;
    this.#hearer.wiped();
    for (const name of this.#roster.names()) this.#toRead.owe(name);
  }

  #hear({ is, path }: WatchEvent): void {
    if (path === this.#folder) this.#hearFolder(is);
    else {
      const name = nameIn(path);
      this.#touched.set(name, is);
      if (is === 'deleted') this.#drop(name);
      else this.#toRead.note(name);
    }
    this.#questions.work();
  }

  #hearFolder(is: WatchEvent['is']): void {
    if (is === 'deleted') this.#gone();
    if (is === 'created') this.#hasCome = true;
    if (is !== 'changed') this.#mustList = true; // also of one that is gone: that keeps a watch for its return
  }

  #drop(name: string): void {
    this.#toRead.forget(name);
    this.#untold = this.#state.moved = true;
    this.#roster.forget(name);
  }

  /** It was not there when it was asked for. */
  #absent(): void {
    this.#gone();
    this.#mustList = this.#hasCome;
  }

  #gone(): void {
    this.#roster.clear();
    this.#toRead.clear();
    this.#state.gone();
    this.#mustList = false;
    this.#untold = true;
  }

  #trouble(error: unknown): void {
    this.#hearer.trouble(error);
    this.#untold = true;
  }

  /** The next question, where there is one. */
  #next(): (() => Promise<void>) | undefined {
    if (this.#mustWatch) return () => this.#watch();
    if (this.#mustCheck) return () => this.#check();
    if (this.#mustList) return () => this.#list();
    if (this.#toRead.size > 0) return () => this.#read();
    if (this.#verification.due) return () => this.#verify();
    if (this.#state.moved && !this.#oneShot) return () => this.#learnPzxid();
    return undefined;
  }

  /** Whether we know of every instance, if not always the latest. */
  get #isWhole(): boolean {
    return this.#questions.reachable && !this.#mustWatch && !this.#mustCheck && !this.#mustList && !this.#toRead.owes;
  }

  #report(): void {
    const { there, mark } = this.#state;
    if (this.#untold) this.#hearer.found({ there, folder: there ? mark : undefined, ...this.#roster.told() });
    this.#untold = false;
  }

  /** Servers before 3.6 know only watches that tell once, so each question asks for one. */
  get #oneShot(): boolean {
    return this.#tree.session.lacks.has('addWatch');
  }

  async #watch(): Promise<void> {
    const { session } = this.#tree;
    const { epoch } = this.#questions;
    if (this.#oneShot) {
      this.#mustList = true;
      for (const name of this.#roster.names()) this.#toRead.note(name);
    } else {
      try {
        await session.ask(addWatch(this.#folder, true));
      } catch (error) {
        if (isCode(error, 'UNIMPLEMENTED')) session.lacks.add('addWatch'); // it hangs up; the next connection knows
        throw error;
      }
      this.#mustCheck = true;
    }
    if (epoch === this.#questions.epoch) this.#mustWatch = false;
  }

  /** One look says whether anybody came or went while there was no watch; and often that nothing happened at all. */
  async #check(): Promise<void> {
    const { session } = this.#tree;
    this.#hasCome = false;
    const stat = await orAbsent(session.ask(exists(this.#folder)));
    this.#mustCheck = false;
    const isCaughtUp = this.#state.isCaughtUp(session.zxid);
    this.#recognise(stat);
    if (isCaughtUp) this.#verification.later();
    else if (stat === undefined) this.#absent();
    else {
      if (this.#state.hasMoved(stat)) this.#mustList = true;
      this.#verification.start(this.#roster.names());
    }
  }

  async #list(): Promise<void> {
    const { session } = this.#tree;
    this.#mustList = this.#hasCome = false; // before the question: what is told from now on may be newer than its answer
    this.#touched = new Map();
    try {
      const listed = await orAbsent(session.ask(getChildren(this.#folder, this.#oneShot)));
      this.#recognise(listed?.stat);
      if (listed !== undefined) this.#take(listed.children, listed.stat);
      else {
        this.#absent();
        if (this.#oneShot && (await orAbsent(session.ask(exists(this.#folder, true)))) !== undefined) {
          this.#mustList = true;
        }
      }
    } catch (error) {
      this.#mustList = true;
      throw error;
    }
  }

  #take(children: readonly string[], stat: Stat): void {
    if (!this.#state.there) this.#untold = true;
    this.#state.listed(stat);
    this.#state.moved = this.#touched.size > 0;
    const there = new Set(children);
    for (const name of this.#roster.names()) {
      if (there.has(name) || this.#touched.has(name)) continue;
      this.#roster.forget(name);
      this.#untold = true;
    }
    for (const name of children) if (!this.#roster.has(name)) this.#toRead.owe(name);
  }

  /** Reads all that was noted. Notes are cleared before the questions, so that what is told meanwhile is noted anew. */
  async #read(): Promise<void> {
    const names = this.#toRead.take();
    this.#touched = new Map();
    const results = await Promise.allSettled(names.map((name) => this.#readOne(name)));
    let failed: unknown;
    for (const [at, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      this.#toRead.note(names[at]!);
      failed ??= result.reason;
    }
    if (failed !== undefined) throw failed;
  }

  async #readOne(name: string): Promise<void> {
    const reading = this.#tree.session.ask(getData(`${this.#folder}/${name}`, this.#oneShot));
    const found = await orAbsent(reading).catch((error: unknown) => {
      if (isCode(error, 'NO_AUTH')) return 'forbidden' as const;
      throw error;
    });
    const since = this.#touched.get(name);
    if (since === 'deleted' || (found === undefined && since !== undefined)) return; // gone, or come since
    this.#toRead.done(name); // and where it was changed since, it is noted again
    if (found === undefined) this.#drop(name);
    else if (found === 'forbidden') this.#learn(name, FORBIDDEN);
    else this.#learn(name, knownOf(name, found.data, found.stat));
  }

  #learn(name: string, known: Known): void {
    if (!this.#roster.has(name)) this.#state.joined(known.czxid);
    if (known === FORBIDDEN) this.#verification.again(name);
    if (this.#roster.learn(name, known)) this.#hearer.record(name, known.problem);
    this.#untold = true;
  }

  /** So that the next connection finds that all is as it was, and has nothing to list. */
  async #learnPzxid(): Promise<void> {
    this.#state.moved = false;
    this.#touched = new Map();
    const stat = await orAbsent(this.#tree.session.ask(exists(this.#folder)));
    if (this.#touched.size > 0) this.#state.moved = true;
    else this.#state.looked(stat);
  }

  /** Asks of some whether their data is still what we read. */
  #verify(): Promise<void> {
    return this.#verification.run(async (name) => {
      const stat = await orAbsent(this.#tree.session.ask(exists(`${this.#folder}/${name}`)));
      const known = this.#roster.get(name);
      if (known !== undefined && stat?.mzxid !== known.mzxid) this.#toRead.note(name);
    });
  }
}
