import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { JavaProcess } from '../java/process.ts';

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

/** One running Java service. */
export class CuratorPeer extends JavaProcess {
  /** What its caches have said so far: `orders [a@10.0.0.5:80{}]`. */
  readonly heard: string[];

  constructor(child: ChildProcessWithoutNullStreams) {
    const heard: string[] = [];
    super(child, (line) => {
      if (line.startsWith('CACHE ')) heard.push(line.slice(6));
      return /^(?:CACHE|STATE) /.test(line);
    });
    this.heard = heard;
  }

  /** Waits until what its caches said last is `expected`. */
  async hears(expected: string): Promise<void> {
    await this.until(() => this.heard.at(-1) === expected);
  }
}
