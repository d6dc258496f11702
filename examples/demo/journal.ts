import type { Deed } from './messages.ts';
import { counted, type Line, type Piece } from './text.ts';

const PATIENCE = 1; // seconds that lines wait for more of their kind, where they can not be changed later

interface Entry {
  readonly at: number;
  line: Line;
  /** Retries that this line stands for, by what was seen. */
  readonly retries: Map<string, number> | undefined;
}

/** What happened, line by line. Retries that follow each other share a line. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #nameOf: (address: string) => string;
  /** How many lines nobody will add to any more. */
  #settled = 0;

  /** `nameOf` knows what people call an endpoint. */
  constructor(nameOf: (address: string) => string) {
    this.#nameOf = nameOf;
  }

  /** Something that the stage did. */
  stage(at: number, text: string): void {
    this.#add(at, [
      ['▶ ', 'yellow'],
      [text, ['bold', 'yellow']],
    ]);
  }

  /** Something that the mesh did. */
  mesh(at: number, deed: Deed): void {
    if (deed.is === 'retry') this.#retry(at, deed.why);
    else this.#add(at, this.#describe(deed));
  }

  /** The newest lines, at most so many. */
  last(lines: number): Line[] {
    return this.#entries.slice(-lines).map(withMoment);
  }

  /** Lines that were not taken yet and to which nothing will be added any more. */
  take(at: number): Line[] {
    const last = this.#entries.at(-1);
    const open = last?.retries !== undefined && at < last.at + PATIENCE;
    const end = this.#entries.length - (open ? 1 : 0);
    const lines = this.#entries.slice(this.#settled, end).map(withMoment);
    this.#settled = end;
    return lines;
  }

  #add(at: number, line: Line, retries?: Map<string, number>): void {
    this.#entries.push({ at, line, retries });
  }

  #retry(at: number, why: string): void {
    const before = this.#settled < this.#entries.length ? this.#entries.at(-1) : undefined;
    const retries = before?.retries ?? new Map<string, number>();
    retries.set(why, (retries.get(why) ?? 0) + 1);
    const total = [...retries.values()].reduce((sum, n) => sum + n, 0);
    const whys = [...retries].map(([what, n]) => (retries.size === 1 ? what : `${n} × ${what}`)).join(', ');
    const line: Line = [['↻ ', 'cyan'], [counted(total, 'call', 'calls'), 'cyan'], [` tried again elsewhere: ${whys}`]];
    if (before?.retries !== undefined) before.line = line;
    else this.#add(at, line, retries);
  }

  #describe(deed: Exclude<Deed, { is: 'retry' }>): Line {
    const name = 'address' in deed ? this.#nameOf(deed.address) : '';
    switch (deed.is) {
      case 'ejected':
        return [
          ['✕ ', 'red'],
          [name, 'bold'],
          [' ejected', 'red'],
          [` for ${(deed.forMs / 1_000).toFixed(1)} s after ${counted(deed.failures, 'failure', 'failures')} in a row`],
        ];
      case 'returned':
        return [['✓ ', 'green'], [name, 'bold'], [' returned', 'green'], [': a call that tried it was answered']];
      case 'panic':
        return deed.on
          ? [['! ', 'magenta'], ['panic', 'magenta'], [': too few are healthy, so all are used']]
          : [['! ', 'magenta'], ['panic is over', 'magenta'], [': enough are healthy again']];
      case 'stale':
        return deed.on
          ? [['! ', 'magenta'], ['the registry is away', 'magenta'], [': the last good list stands']]
          : [
              ['! ', 'magenta'],
              ['the registry is back', 'magenta'],
            ];
      case 'joined':
        return [['+ ', 'green'], [name, 'bold'], [' joined', 'green'], [' the registry']];
      case 'left':
        return [['- ', 'red'], [name, 'bold'], [' left', 'red'], [' the registry']];
      case 'budget':
        return [['! ', 'magenta'], ['the retry budget is spent', 'magenta'], [`: ${deed.why} was not tried again`]];
    }
  }
}

function withMoment({ at, line }: Entry): Line {
  const moment: Piece = [`${at.toFixed(1).padStart(7)} s  `, 'dim'];
  return [moment, ...line];
}
