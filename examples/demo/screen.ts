import { type Line, paint } from './text.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const BEGIN = '\u001b[?2026h'; // what follows is shown at once, so that nothing flickers
const END = '\u001b[?2026l';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';
const CLEAR = '\u001b[2J\u001b[H';

/** A picture that is drawn over itself. What it showed last stays when it is over. */
export class Screen {
  readonly #out = process.stdout;
  #rows = 0;
  #resized = false;

  constructor() {
    this.#out.write(HIDE_CURSOR);
    this.#out.on('resize', () => {
      this.#resized = true; // lines may have wrapped; where they are now, nobody knows
    });
    process.on('exit', () => this.#out.write(SHOW_CURSOR));
  }

  get columns(): number {
    return this.#out.columns;
  }

  get rows(): number {
    return this.#out.rows;
  }

  draw(lines: readonly Line[]): void {
    const start = this.#resized ? CLEAR : this.#rows > 0 ? `\u001b[${this.#rows}F` : '';
    const fitting = lines.slice(0, Math.max(1, this.rows - 1));
    const text = fitting.map((line) => `${paint(line, this.columns - 1)}${REST_OF_LINE}\n`).join('');
    this.#out.write(`${BEGIN}${start}${text}${REST_OF_SCREEN}${END}`);
    this.#rows = fitting.length;
    this.#resized = false;
  }
}
