import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ensure, REDIS } from '../../scripts/programs.ts';
import { freePorts } from './zookeeper.ts';

/** One real Redis server, that keeps nothing on disk. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty, after `kill`. */
  start(): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  freeze(): void;
  thaw(): void;
}

// The shell outlives nobody: when our end of its input closes, be it by a crash, it kills the server.
const GUARD = '"$@" </dev/null & read -r word; kill -9 $!; wait $!';
const READY = 'Ready to accept connections';
const PID = /^(\d+):/;

/** Starts a server on a port that nobody listens on, in a folder of its own that goes with it. */
export async function startRedis(): Promise<RedisServer> {
  ensure(REDIS);
  const dir = await mkdtemp(join(tmpdir(), 'inmesh-redis-'));
  for (let tries = 1; ; tries++) {
    const server = new Server((await freePorts(1))[0]!, dir);
    try {
      await server.start();
      return server;
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

class Server implements RedisServer {
  readonly port: number;
  readonly #dir: string;
  #guard: ChildProcess | undefined;
  #pid = 0;

  constructor(port: number, dir: string) {
    this.port = port;
    this.#dir = dir;
  }

  async start(): Promise<void> {
    const where = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.#dir];
    const args = ['redis-server', ...where, '--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const guard = spawn('sh', ['-c', GUARD, 'sh', ...args], { stdio: 'pipe', detached: true });
    this.#guard = guard;
    const said: string[] = [];
    for await (const line of createInterface(guard.stdout!)) {
      said.push(line);
      this.#pid = Number(PID.exec(line)?.[1] ?? this.#pid);
      if (line.includes(READY)) {
        guard.stdout!.resume();
        return;
      }
    }
    throw new Error(`redis-server did not start: ${said.at(-1) ?? 'it said nothing'}`);
  }

  async kill(): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined) return;
    this.#guard = undefined;
    const ended = once(guard, 'exit');
    guard.stdin!.end();
    await ended;
  }

  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
