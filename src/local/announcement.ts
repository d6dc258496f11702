import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Timer } from '../core/clock.ts';
import { MeshError } from '../core/errors.ts';
import { LiveValue } from '../core/live.ts';
import { Scope } from '../core/scope.ts';
import { sleep } from '../core/sleep.ts';
import { changed } from '../discovery/instance.ts';
import { recordOf } from '../discovery/record.ts';
import type { Announcement, Instance, InstanceChange, Listing } from '../discovery/registry.ts';
import { decodeRecord, encodeRecord } from '../wire/record.ts';
import { folderIn, type Ground } from './ground.ts';
import { BEAT_MS, drawToken, type Owner, ownerOf, ownerTexts, type Standing, standing } from './owner.ts';
import { fileNameOf, type RecordFile, readRecordFile } from './record-files.ts';

const MOST_ROUNDS = 50; // in each, somebody else was faster; four are spent waiting for a beat
const BUSY_MS = 5;

/** Keeps the file of one instance, whatever happens to the folder meanwhile. */
export class LocalAnnouncement implements Announcement {
  readonly state = new LiveValue<Listing>('joining');
  readonly #ground: Ground;
  readonly #path: string;
  readonly #owner: Owner;
  readonly #since: number;
  readonly #leaving = new Scope();
  readonly #left: (announcement: LocalAnnouncement) => void;
  #instance: Instance;
  #text = '';
  #timer: Timer | undefined;
  #turn: Promise<unknown> = Promise.resolve(); // one thing at a time
  #closing: Promise<void> | undefined;

  constructor(instance: Instance, ground: Ground, left: (announcement: LocalAnnouncement) => void) {
    const { id: machine, pid, start } = ground.machine;
    this.#ground = ground;
    this.#path = join(folderIn(ground, instance.service), fileNameOf(instance.id));
    this.#owner = { token: drawToken(ground.env.random), machine, pid, start };
    this.#since = ground.env.clock.epoch();
    this.#left = left;
    this.#instance = instance;
    this.#write(instance);
  }

  get instance(): Instance {
    return this.#instance;
  }

  /** Goes on the list. @throws MeshError when the id is taken, or the folder can not be written in. */
  async join(): Promise<this> {
    const { service, id } = this.#instance;
    let standing: Listing;
    try {
      standing = await this.#inTurn(() => this.#claim(true));
    } catch (error) {
      const why = this.#closing === undefined ? (error as Error).message : 'it has been closed';
      throw new MeshError('registry', `${service}: '${id}' can not be listed: ${why}`, { service, cause: error });
    }
    if (standing === 'conflict') {
      throw new MeshError('registry', `${service}: another live process is listed as '${id}'`, { service });
    }
    this.state.set(standing);
    this.#later();
    return this;
  }

  /** Settles once it is told; where the folder is in trouble it is told as soon as that is over. */
  async update(change: InstanceChange): Promise<void> {
    const { service, id } = this.#instance;
    if (this.#closing !== undefined) {
      throw new MeshError('registry', `${service}: '${id}' has left the list`, { service });
    }
    this.#instance = changed(this.#instance, change);
    this.#write(this.#instance);
    await this.#inTurn(() => this.#keep());
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Leaves while the process ends, when nothing can be waited for. */
  leaveNow(): void {
    try {
      if (this.#isMine(readFileSync(this.#path, 'utf8'))) unlinkSync(this.#path);
    } catch {
      // Others see that the process is gone.
    }
  }

  async #leave(): Promise<void> {
    this.#timer?.cancel();
    this.#leaving.cancel(new Error('left'));
    await this.#inTurn(() => this.#remove()).catch(() => {}); // without its beats it is soon taken for what it is
    this.state.set('left');
    this.#left(this);
  }

  async #remove(): Promise<void> {
    const { files, env } = this.#ground;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const there = await readRecordFile(this.#path);
      if (there === undefined || !this.#isMine(there.text)) return;
      if ((await files.remove(this.#path, there.text)) === 'done') return;
      await sleep(env.clock, BUSY_MS, new Scope());
    }
  }

  #later(): void {
    if (this.#closing !== undefined) return;
    this.#timer = this.#ground.env.clock.schedule(BEAT_MS, () => {
      void this.#inTurn(() => this.#keep()).then(() => this.#later());
    });
    this.#timer.hold(false);
  }

  /** Sees to it that our record stands as it should, and says that we are there. */
  async #keep(): Promise<void> {
    if (this.#closing !== undefined) return;
    try {
      const there = await readRecordFile(this.#path);
      const same = there?.text === this.#text;
      // What it said before stands where it can not be written anew: a full disk is no reason to be gone.
      if (same || this.#isMine(there?.text ?? '')) await this.#ground.files.beat(this.#path);
      const now = same ? 'listed' : await this.#claim(false);
      if (this.#closing === undefined) this.state.set(now);
    } catch {
      if (this.#closing === undefined) this.state.set('lost'); // and tried again with the next beat
    }
  }

  /**
   * Puts our record in its place, unless somebody who is alive holds it. Who is `patient` waits to hear a beat of a
   * holder that can not be looked at: one on another machine, which may have died a moment ago.
   */
  async #claim(patient: boolean): Promise<'listed' | 'conflict'> {
    const { files, env } = this.#ground;
    let beatAt: number | undefined;
    let since: number | undefined; // when we first heard of the holder, on our own clock: the calendar may jump
    for (let round = 0; round < MOST_ROUNDS; round++) {
      if (await files.create(this.#path, this.#text)) return 'listed';
      const there = await readRecordFile(this.#path);
      if (there === undefined) continue;
      const waitedMs = since === undefined ? 0 : env.clock.now() - since;
      const holder = this.#isMine(there.text) ? 'gone' : this.#judge(there, waitedMs);
      if (holder === 'known') return 'conflict';
      if (holder === 'heard') {
        if (!patient || (beatAt !== undefined && beatAt !== there.beatAt)) return 'conflict';
        beatAt = there.beatAt;
        since ??= env.clock.now();
        await sleep(env.clock, BEAT_MS, this.#leaving);
        continue;
      }
      const changed = await files.replace(this.#path, there.text, this.#text);
      if (changed === 'done') return 'listed';
      if (changed === 'busy') await sleep(env.clock, BUSY_MS, this.#leaving);
    }
    return 'conflict';
  }

  /** A file that is no record is nobody's. No beat has come for `waitedMs` at least. */
  #judge({ text, beatAt }: RecordFile, waitedMs: number): Standing {
    try {
      const silentMs = Math.max(waitedMs, this.#ground.env.clock.epoch() - beatAt);
      return standing(decodeRecord(text), silentMs, this.#ground.machine);
    } catch {
      return 'gone';
    }
  }

  #isMine(text: string): boolean {
    try {
      return ownerOf(decodeRecord(text))?.token === this.#owner.token;
    } catch {
      return false;
    }
  }

  #write(instance: Instance): void {
    this.#text = encodeRecord(recordOf(instance, this.#since, ownerTexts(this.#owner)));
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task);
    this.#turn = done.catch(() => {});
    return done;
  }
}
