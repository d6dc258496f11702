import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensure, ZOOKEEPER } from './programs.ts';

/** One real ZooKeeper server. */
export interface ZooKeeperServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `127.0.0.1:port`, for a connect string. */
  readonly address: string;
  /** What the server prints about itself: `srvr`, `cons`, `dump`, `wchs`, `mntr`. */
  ask(word: string): Promise<string>;
  /** kill -9. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after `kill`; `wipe` forgets the data first. */
  start(options?: { wipe?: boolean }): Promise<void>;
  /** SIGSTOP: the kernel still accepts connections, nobody answers. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** The unit of the server's clock; sessions may last 2 to 600 of them here. */
  readonly tickMs?: number;
  /** How often empty containers are removed. */
  readonly reapMs?: number;
  /** More system properties of the JVM: `{ 'zookeeper.enforce.auth.enabled': 'true' }`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** More lines of the configuration file. */
  readonly config?: Readonly<Record<string, string>>;
}

const JARS = '/usr/share/java';
const START_MS = 30_000; // a busy machine is slow; a healthy start takes a third of a second
const ANSWER_MS = 10_000; // the same; a healthy answer takes a millisecond

/** What one says that has just begun, and then does not always hang up. */
const NOT_YET = 'not currently serving requests';

const JVM = [
  ...['-Xms32m', '-Xmx256m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'],
  ...['-XX:-UsePerfData', '-Djava.awt.headless=true', '-Dzookeeper.admin.enableServer=false'],
  ...['-Dzookeeper.forceSync=no', '-Dzookeeper.jmx.log4j.disable=true', '-Dzookeeper.preAllocSize=128'],
  ...['-Dzookeeper.extendedTypesEnabled=true'],
];

// Netty's own jars are missing from the manifest of Debian's zookeeper.jar; only the TLS server needs them.
const CLASS_PATH = [
  'zookeeper.jar',
  'slf4j-simple.jar',
  'netty-codec.jar',
  'netty-resolver.jar',
  'netty-transport-native-unix-common.jar',
]
  .map((jar) => `${JARS}/${jar}`)
  .join(':');

/** The Java class of a server that is alone. */
export const STANDALONE = 'org.apache.zookeeper.server.ZooKeeperServerMain';
/** Starts one server, in about a third of a second. */
export async function startZooKeeper(options: ServerOptions = {}): Promise<ZooKeeperServer> {
  return withFreePorts(1, async ([port]) => {
    const dir = await newFolder();
    const config = { ...common(dir, options), clientPort: `${port}`, clientPortAddress: '127.0.0.1' };
    return launch({ dir, port: port!, main: STANDALONE, config, options });
  });
}

/** Ports that nobody listens on just now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Where a server has what it needs; it goes with the server. */
export const newFolder = () => mkdtemp(join(tmpdir(), 'inmesh-zookeeper-'));

/** What every server's configuration has. */
export function common(dir: string, { tickMs = 200, config = {} }: ServerOptions): Record<string, string> {
  return {
    tickTime: `${tickMs}`,
    minSessionTimeout: `${2 * tickMs}`,
    maxSessionTimeout: `${600 * tickMs}`,
    initLimit: '50',
    syncLimit: '25',
    dataDir: join(dir, 'data'),
    maxClientCnxns: '0',
    '4lw.commands.whitelist': '*',
    'admin.enableServer': 'false',
    ...config,
  };
}

/** Somebody else may take a free port before we do, so a start that fails is tried with others. */
export async function withFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(await freePorts(count));
    } catch (error) {
      if (tries === 3) throw error;
    }
  }
}

/** All that it takes to start a server. */
export interface Launch {
  readonly dir: string;
  readonly port: number;
  readonly askPort?: number;
  readonly main: string;
  readonly config: Readonly<Record<string, string>>;
  readonly options: ServerOptions;
}

/** The packages that it runs on; installed if this machine has not got them. */
function ensurePrograms(): void {
  if (existsSync(`${JARS}/zookeeper.jar`) && existsSync(`${JARS}/curator-recipes.jar`)) return;
  ensure(ZOOKEEPER);
}

/** Writes the configuration, and starts the server. */
export async function launch(plan: Launch): Promise<ZooKeeperServer> {
  ensurePrograms();
  const file = join(plan.dir, 'zoo.cfg');
  await writeFile(
    file,
    `${Object.entries(plan.config)
      .map((entry) => entry.join('='))
      .join('\n')}\n`,
  );
  const server = new JavaServer(plan, file);
  try {
    await server.begin();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

// The shell outlives nobody: when our end of its input closes, be it by a crash, it kills the server and cleans up.
const GUARD =
  'dir=$1; shift; "$@" </dev/null & echo $!; exec >/dev/null 2>&1; ' +
  'read -r word; kill -9 $!; wait $!; [ "$word" = keep ] || rm -rf "$dir"';

class JavaServer implements ZooKeeperServer {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly address: string;
  readonly #plan: Launch;
  readonly #command: readonly string[];
  #guard: ChildProcess | undefined;
  #pid = 0;
  #said = '';

  constructor(plan: Launch, file: string) {
    this.#plan = plan;
    this.port = plan.port;
    this.address = `127.0.0.1:${plan.port}`;
    const { properties = {}, reapMs = 60_000 } = plan.options;
    const given = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
    const reap = `-Dznode.container.checkIntervalMs=${reapMs}`;
    this.#command = ['java', ...JVM, reap, ...given, '-cp', CLASS_PATH, plan.main, file];
  }

  async start({ wipe = false } = {}): Promise<void> {
    if (wipe) await rm(join(this.#plan.dir, 'data', 'version-2'), { recursive: true, force: true });
    for (const deadline = performance.now() + START_MS; ; ) {
      try {
        return await this.begin();
      } catch (error) {
        // Somebody else got the port while nobody had it, as tests do for a moment.
        if (!this.#said.includes('Address already in use') || performance.now() > deadline) throw error;
        await this.kill();
      }
    }
  }

  /** Starts it where its port is still to be had. */
  async begin(): Promise<void> {
    const args = ['-c', GUARD, 'sh', this.#plan.dir, ...this.#command];
    const guard = spawn('sh', args, { stdio: 'pipe', detached: true }); // Ctrl-C is for us, and we end it
    this.#guard = guard;
    let dead = false;
    this.#said = '';
    guard.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-8_000);
    });
    guard.stderr!.on('close', () => {
      dead = true;
    });
    guard.stdin!.on('error', () => {});
    this.#pid = Number(await new Promise((resolve) => guard.stdout!.setEncoding('utf8').once('data', resolve)));
    for (const handle of [guard, guard.stdin!, guard.stdout!, guard.stderr!]) (handle as ChildProcess).unref();
    const deadline = performance.now() + START_MS;
    while (!(await this.#serves())) {
      if (dead || performance.now() > deadline) throw new Error(`ZooKeeper did not start:\n${this.#said}`);
      await pause(15);
    }
  }

  async #serves(): Promise<boolean> {
    if (!/Mode: \w+/.test(await this.ask('srvr').catch(() => ''))) return false;
    return this.#plan.askPort === undefined || this.#listens(); // the port for TLS opens after the one that is asked
  }

  #listens(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    });
  }

  ask(word: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let answer = '';
      const socket = connect(this.#plan.askPort ?? this.port, '127.0.0.1', () => socket.write(word));
      const late = (): void => void socket.destroy(new Error('no answer'));
      // In two halves: where this very process stood still, what has come is read in between.
      socket.setTimeout(ANSWER_MS / 2, () => socket.setTimeout(ANSWER_MS / 2, late));
      socket.setEncoding('utf8').on('data', (text) => {
        answer += text;
        if (answer.includes(NOT_YET)) socket.destroy();
      });
      socket.on('error', reject).on('close', () => resolve(answer));
    });
  }

  kill(): Promise<void> {
    return this.#end('keep\n');
  }

  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    if (this.#guard !== undefined) process.kill(this.#pid, 'SIGCONT'); // one that was killed meanwhile needs none
  }

  async stop(): Promise<void> {
    await this.#end('');
    await rm(this.#plan.dir, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #end(word: string): Promise<void> {
    const guard = this.#guard;
    if (guard === undefined) return;
    this.#guard = undefined;
    guard.ref();
    const ended = new Promise((resolve) => guard.once('exit', resolve));
    guard.stdin!.end(word);
    await ended;
  }
}
