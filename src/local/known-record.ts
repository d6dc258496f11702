import type { Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint } from '../core/endpoint.ts';
import { endpointOf } from '../discovery/record.ts';
import type { UnreadableRecords } from '../discovery/unreadable.ts';
import { decodeRecord, type InstanceRecord, RecordProblem } from '../wire/record.ts';
import { folderIn, type Ground } from './ground.ts';
import { type Standing, standing } from './owner.ts';
import { codeOf, idIn, readRecordFile } from './record-files.ts';

const LITTER_MS = 60_000; // after so long a silence it is not coming back

/** One file of a service's folder, and what it said when it was last read. */
export class KnownRecord {
  readonly #ground: Ground;
  readonly #service: string;
  readonly #path: string;
  readonly #id: string;
  readonly #unreadable: UnreadableRecords; // all of the service
  #stamp = '';
  #text = '';
  #record: InstanceRecord | undefined;
  #heardAt = 0; // on our own clock, since that of the calendar may jump
  endpoint: Endpoint | undefined;

  /** `unreadable` notes those of the service that can not be read. */
  constructor(ground: Ground, service: string, fileName: string, unreadable: UnreadableRecords) {
    this.#unreadable = unreadable;
    this.#ground = ground;
    this.#service = service;
    this.#path = join(folderIn(ground, service), fileName);
    this.#id = idIn(fileName) ?? '';
  }

  /** Reads the file if it has changed. What is wrong with it is told once. @throws when the registry is in trouble. */
  async look(): Promise<void> {
    const stats = await lstat(this.#path).catch(goneOrTrouble);
    const stamp = stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (stamp === this.#stamp) return;
    try {
      const file = stats && (await readRecordFile(this.#path));
      this.#hear(stats);
      if (file?.text !== this.#text || this.#record === undefined) this.#read(file?.text);
    } catch (error) {
      if (!(error instanceof RecordProblem)) throw error;
      this.#forget();
      this.#tell(error.message);
    }
    this.#stamp = stamp; // only now: what could not be read for want of something is read again
  }

  /** The file is not there any more. */
  gone(): void {
    this.#unreadable.delete(this.#id);
  }

  /** Time in which we ourselves did not look does not count as silence. */
  excuse(ms: number): void {
    this.#heardAt += ms;
  }

  /** Whether its instance is there, as far as was known at `now`. */
  isHere(now: number): boolean {
    if (this.endpoint === undefined) return false;
    const keeper = this.#standing(now);
    return keeper === 'known' || keeper === 'heard';
  }

  /** Removes the file when nobody will ever keep it again. */
  async sweep(now: number): Promise<void> {
    if (this.#record === undefined) return;
    const keeper = this.#standing(now);
    if (keeper === 'gone' || (keeper === 'silent' && now - this.#heardAt > LITTER_MS)) {
      await this.#ground.files.remove(this.#path, this.#text);
    }
  }

  #standing(now: number): Standing {
    return standing(this.#record!, now - this.#heardAt, this.#ground.machine);
  }

  /** At first sight the calendar says how old a beat is; after that, we have seen it come. */
  #hear(stats: Stats | undefined): void {
    const { clock } = this.#ground.env;
    const age = this.#stamp === '' && stats !== undefined ? Math.max(0, clock.epoch() - stats.mtimeMs) : 0;
    this.#heardAt = clock.now() - age;
  }

  #read(text: string | undefined): void {
    this.#forget();
    if (text === undefined) {
      this.gone();
      return;
    }
    const record = decodeRecord(text);
    if (record.name !== this.#service) throw new RecordProblem(`it is of the service '${printable(record.name)}'`);
    if (record.id !== this.#id) throw new RecordProblem(`it is of the instance '${printable(record.id)}'`);
    this.endpoint = endpointOf(record);
    this.#record = record;
    this.#unreadable.delete(this.#id);
    this.#text = text;
  }

  #tell(problem: string): void {
    if (!this.#unreadable.add(this.#id, problem)) return;
    const { clock, events } = this.#ground.env;
    events.emit({ type: 'record', at: clock.epoch(), service: this.#service, id: this.#id, problem });
  }

  #forget(): void {
    this.#record = this.endpoint = undefined;
    this.#text = '';
  }
}

const printable = (text: string): string => text.slice(0, 80).replace(/[^ -~]/g, '?');

function goneOrTrouble(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}
