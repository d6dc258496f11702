import type { Random } from '../core/random.ts';
import { INTERNAL } from '../discovery/instance.ts';
import type { InstanceRecord } from '../wire/record.ts';
import type { Machine } from './machine.ts';

/** How often a process says that it is still there. */
export const BEAT_MS = 1_000;

/** After this much silence it is taken as gone: three beats missed, and half of one for a machine that is busy. */
export const SILENT_MS = 3_500;

/** Who keeps a record, as the record itself says in its metadata. */
export interface Owner {
  /** Tells two announcements apart, also of one process. */
  readonly token: string;
  readonly machine: string;
  readonly pid: number;
  readonly start: string;
}

const TOKEN = `${INTERNAL}owner`;
const MACHINE = `${INTERNAL}machine`;
const PID = `${INTERNAL}pid`;
const START = `${INTERNAL}start`;

/** The owner as metadata. */
export const ownerTexts = ({ token, machine, pid, start }: Owner): Readonly<Record<string, string>> => ({
  [TOKEN]: token,
  [MACHINE]: machine,
  [PID]: String(pid),
  [START]: start,
});

/** Who keeps the record; nobody known, where somebody else's program wrote it. */
export function ownerOf({ metadata }: InstanceRecord): Owner | undefined {
  const [token, machine, pid] = [metadata[TOKEN], metadata[MACHINE], metadata[PID]];
  if (token === undefined || machine === undefined || !/^[1-9]\d{0,9}$/.test(pid ?? '')) return undefined;
  return { token, machine, pid: Number(pid), start: metadata[START] ?? '' };
}

/**
 * How the keeper of a record stands. `gone` for certain: its process has ended. `silent`: nothing was heard for too
 * long. `known` to be there: its process lives. `heard` of lately is all that can be said of one on another machine.
 */
export type Standing = 'gone' | 'silent' | 'known' | 'heard';

/** Judges the keeper of a record that was last heard of `silentMs` ago. */
export function standing(record: InstanceRecord, silentMs: number, machine: Machine): Standing {
  if (record.serviceType === 'STATIC' || record.serviceType === 'PERMANENT') return 'known'; // stays until taken away
  const owner = ownerOf(record);
  const near = owner !== undefined && owner.machine === machine.id;
  if (near && !machine.lives(owner.pid, owner.start)) return 'gone';
  if (silentMs > SILENT_MS) return 'silent';
  return near ? 'known' : 'heard';
}

/** 16 hex digits that nobody else has drawn. */
export const drawToken = (random: Random): string =>
  [random.bits(), random.bits()].map((half) => half.toString(16).padStart(8, '0')).join('');
