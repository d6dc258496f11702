import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { JavaProcess } from './process.ts';

const SOURCES = ['WirePeer', 'MessageSignatures', 'WebKeys'].map((name) =>
  fileURLToPath(new URL(`./${name}.java`, import.meta.url)),
);
const SOON = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

/** A Java service that knows standards, and nothing of us: see `WirePeer.java`. */
export class JavaPeer implements AsyncDisposable {
  readonly #process: JavaProcess;
  readonly #folder: string;

  private constructor(process: JavaProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  static async start(): Promise<JavaPeer> {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-java-'));
    const flags = ['-proc:none', '-g:none', '-encoding', 'UTF-8', '-d', folder];
    await promisify(execFile)('javac', [...SOON.map((flag) => `-J${flag}`), ...flags, ...SOURCES]);
    const child = spawn('java', [...SOON, '-XX:-UsePerfData', '-Xmx128m', '-cp', folder, 'WirePeer'], {
      stdio: 'pipe',
    });
    const process = new JavaProcess(child);
    await process.answer();
    return new JavaPeer(process, folder);
  }

  /** Tells it what to do. @throws Error with what went wrong in Java. */
  tell(verb: string, said: Readonly<Record<string, string | undefined>>): Promise<string> {
    const given = Object.entries(said).filter(([, value]) => value !== undefined);
    return this.#process.tell([verb, ...given.map(([name, value]) => `${name}=${value}`)].join('\t'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
