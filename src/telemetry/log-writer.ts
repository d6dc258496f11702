import type { Clock, Timer } from '../core/clock.ts';

/** Where lines go: `process.stdout`, a file's stream, or anything that says when it has had enough. */
export interface LogTarget {
  /** Takes text; gives false when it would rather have no more until it says `drain`. */
  write(text: string): boolean;
  /** Tells once when it takes text again, or never will. */
  once(event: 'drain' | 'close', listener: () => void): unknown;
  /** False once it takes no more for ever. */
  readonly writable?: boolean;
  /** Tells what goes wrong with it, as streams do. */
  on?(event: 'error', listener: (error: unknown) => void): unknown;
}

const FLUSH_AT = 16 * 1_024; // characters that are worth a write of their own
const FLUSH_MS = 1_000;
const MOST = 1_024 * 1_024; // characters kept while the target is busy
const CLOSE_MS = 1_000;

/** Writes lines in bulk. What a busy target has no room for is dropped and counted: a log must hold up no call. */
export class LogWriter {
  readonly #target: LogTarget;
  readonly #clock: Clock;
  readonly #lost: (lines: number) => void;
  #lines: string[] = [];
  #size = 0;
  #timer: Timer | undefined;
  #busy = false;
  #dropped = 0;
  #told = 0;
  #drained: (() => void) | undefined;
  #hearsClose = false;
  readonly #goOn = (): void => {
    if (!this.#busy) return;
    this.#busy = false;
    this.#flush();
    if (!this.#busy) this.#drained?.();
  };

  /** `lost` hears how many lines were dropped since it heard last: when lines are taken again, and while none are each second. */
  constructor(target: LogTarget, clock: Clock, lost: (lines: number) => void) {
    this.#target = target;
    this.#clock = clock;
    this.#lost = lost;
    survive(target);
  }

  /** Lines dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(line: string): void {
    if (this.#size + line.length >= MOST) {
      this.#dropped++;
      this.#soon();
      return;
    }
    this.#lines.push(line);
    this.#size += line.length;
    if (this.#size >= FLUSH_AT) this.#flush();
    else this.#soon();
  }

  /** Writes what is left, and waits a moment for a busy target. */
  async close(): Promise<void> {
    this.#flush();
    if (this.#busy) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.schedule(CLOSE_MS, resolve);
        this.#drained = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#timer?.cancel();
    this.#dropped += this.#lines.length; // too late for these
    this.#lines = [];
    this.#tell();
  }

  #soon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.schedule(FLUSH_MS, () => {
      this.#timer = undefined;
      if (this.#busy) this.#tell();
      else this.#flush();
    });
    this.#timer.hold(false);
  }

  #flush(): void {
    if (this.#busy) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    this.#lines = [];
    this.#size = 0;
    if (!this.#write(lines.join(''))) this.#dropped += lines.length;
    if (!this.#busy) this.#tell();
  }

  #write(text: string): boolean {
    if (this.#target.writable === false) return false;
    try {
      if (!this.#target.write(text)) this.#wait();
      return true;
    } catch {
      return false;
    }
  }

  #wait(): void {
    this.#busy = true;
    this.#target.once('drain', this.#goOn);
    if (this.#hearsClose) return;
    this.#hearsClose = true; // for good: there is no way to unhear it, and one for each wait would add up
    this.#target.once('close', this.#goOn);
  }

  #tell(): void {
    const lines = this.#dropped - this.#told;
    this.#told = this.#dropped;
    if (lines === 0) return;
    try {
      this.#lost(lines);
    } catch {
      // Whoever hears it is at fault, and from a timer that would end the process.
    }
  }
}

const survived = new WeakSet<LogTarget>();

/**
 * Keeps what goes wrong with a target from ending the process: whoever read the log has gone (EPIPE), or the disk is full.
 * For good, since streams tell of a write long after it; once, however many meshes write there. Others that listen are told
 * as ever, and what is written later is dropped and counted. What was on its way is lost.
 */
function survive(target: LogTarget): void {
  if (survived.has(target)) return;
  survived.add(target);
  target.on?.('error', () => {});
}
