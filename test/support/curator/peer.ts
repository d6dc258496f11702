import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const JARS = '/usr/share/java';
const jars = (...names: string[]) => names.map((name) => `${JARS}/${name}.jar`).join(':');
const RUN = jars('curator-x-discovery', 'curator-recipes', 'slf4j-nop');
const COMPILE = `${RUN}:${jars('curator-framework', 'curator-client', 'zookeeper')}`;
const SOURCES = fileURLToPath(new URL('./src', import.meta.url));

/** The compiled Java peer; made once, since that takes a second or two. */
export class CuratorClasses implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async compile(): Promise<CuratorClasses> {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-curator-'));
    const entries = await readdir(SOURCES, { recursive: true });
    const files = entries.filter((name) => name.endsWith('.java')).map((name) => join(SOURCES, name));
    await promisify(execFile)('javac', ['-nowarn', '-encoding', 'UTF-8', '-cp', COMPILE, '-d', folder, ...files]);
    return new CuratorClasses(folder);
  }

  /** Starts a Java service that is connected to `servers`. */
  async start(
    servers: string,
    form: 'spring' | 'dubbo' | 'plain' = 'spring',
    root = '/services',
  ): Promise<CuratorPeer> {
    const jvm = [
      '-Dfile.encoding=UTF-8',
      '-Xmx128m',
      '-XX:TieredStopAtLevel=1',
      '-XX:+UseSerialGC',
      '-XX:-UsePerfData',
    ];
    const args = [...jvm, '-cp', `${this.#folder}:${RUN}`, 'CuratorPeer', servers, root, form];
    const peer = new CuratorPeer(spawn('java', args, { stdio: 'pipe' }));
    await peer.answer();
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** One running Java service. It ends when its input does, so it outlives nobody. */
export class CuratorPeer implements AsyncDisposable {
  /** What its caches have said so far: `orders [a@10.0.0.5:80{}]`. */
  readonly heard: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: string[] = [];
  #wake = (): void => {};
  #ended = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stderr.resume();
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('CACHE ')) this.heard.push(line.slice(6));
      else if (!line.startsWith('STATE ')) this.#answers.push(line);
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
    await this.#until(() => this.#answers.length > 0);
    return this.#answers.shift()!;
  }

  /** Waits until what its caches said last is `expected`. */
  async hears(expected: string): Promise<void> {
    await this.#until(() => this.heard.at(-1) === expected);
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

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#ended) throw new Error('the Java peer has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
