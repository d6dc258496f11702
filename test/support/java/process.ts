import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A running Java program that obeys line by line. It ends when its input does, so it outlives nobody. */
export class JavaProcess implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: string[] = [];
  #wake = (): void => {};
  #ended = false;

  /** `hear` is told each line, and says whether it is no answer. */
  constructor(child: ChildProcessWithoutNullStreams, hear: (line: string) => boolean = () => false) {
    this.#child = child;
    child.stderr.resume();
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!hear(line)) this.#answers.push(line);
      this.#wake();
    });
    child.once('exit', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** Tells it what to do, and gives its answer. @throws Error with what went wrong in Java. */
  async tell(command: string): Promise<string> {
    this.#child.stdin.write(`${command}\n`);
    const answer = await this.answer();
    if (answer.startsWith('ok')) return answer.slice(3);
    throw new Error(`${command}: ${answer}`);
  }

  /** Its next answer. */
  async answer(): Promise<string> {
    await this.until(() => this.#answers.length > 0);
    return this.#answers.shift()!;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await ended;
  }

  /** Waits for what a line of it makes so. */
  protected async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#ended) throw new Error('the Java peer has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
