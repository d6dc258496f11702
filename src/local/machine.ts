import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What can be known about the processes of this machine. */
export interface Machine {
  /** The same for two processes only if they see each other's process ids, and it has not been started anew between. */
  readonly id: string;
  readonly pid: number;
  /** When this process began, in the machine's own words: a process id alone is soon another's. */
  readonly start: string;
  /** Whether the process still lives. */
  lives(pid: number, start: string): boolean;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return { id: identity(), pid: process.pid, start: startOf(process.pid), lives };
}

/** On Linux this boot of the kernel and the process namespace, since containers number their processes anew. */
function identity(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function lives(pid: number, start: string): boolean {
  const now = startOf(pid);
  if (now !== '') return now === start;
  try {
    process.kill(pid, 0); // asks, and does nothing
    return start === ''; // it is there; but it was told with a start, and now has none: its parent has yet to bury it
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The 22nd field of Linux's `stat` of a process; empty elsewhere, and for one that has died. See proc(5). */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // a process may call itself ') Z 1'
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}
