import { existsSync, globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after } from 'node:test';
import { type Ended, node, npm, root } from '../../scripts/run.ts';

/** An empty package somewhere else into which ours was installed from its tarball, as a user would. */
export interface Installed extends AsyncDisposable {
  readonly folder: string;
  /** Our package in there. */
  readonly inmesh: string;
  /** The tarball that it came from. */
  readonly tarball: string;
  /** Writes a file there. */
  write(name: string, source: string): Promise<void>;
  /** Writes a file there and runs it with the Node that runs this test. */
  run(name: string, source: string, flags?: readonly string[]): Promise<Ended>;
  /** Lends a package of ours to the consumer, for what its types mention or a test calls. */
  lend(...names: readonly string[]): Promise<void>;
}

/** The API that is no optional peer: what npm installs beside us for a user who has not got it. */
const PEER = '@opentelemetry/api@1.9.1';

let packed: Promise<string> | undefined; // what all files of tests that share a process install
after(async () => {
  if (packed !== undefined) await rm(dirname(await packed), { recursive: true, force: true });
});

/** Packs this package, unless that was done, and installs the tarball in an empty folder. */
export async function install(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-consumer-'));
  try {
    packed ??= pack();
    const tarball = await packed;
    await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n');
    const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--force'];
    await well(npm(['install', ...flags, tarball, PEER], { cwd: folder }));
    return consumer(folder, tarball);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** `npm pack` builds first: see `prepack`. */
async function pack(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-packed-'));
  await well(npm(['pack', '--pack-destination', folder], { cwd: root }));
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error(`npm pack left no tarball in ${folder}`);
  return join(folder, tarball);
}

function consumer(folder: string, tarball: string): Installed {
  return {
    folder,
    tarball,
    inmesh: join(folder, 'node_modules', 'inmesh'),
    write: (name, source) => writeFile(join(folder, name), source),
    async run(name, source, flags = []) {
      await writeFile(join(folder, name), source);
      // It starts as a user's does: with nothing of ours that was compiled before.
      return node([...flags, name], { cwd: folder, env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
    },
    async lend(...names) {
      for (const name of names) {
        const to = join(folder, 'node_modules', name);
        if (existsSync(to)) continue;
        await mkdir(dirname(to), { recursive: true });
        await symlink(join(root, 'node_modules', name), to);
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Waits for a program that has to end well. */
export async function well(ending: Promise<Ended>): Promise<string> {
  const { code, output } = await ending;
  if (code !== 0) throw new Error(`ended with ${code}:\n${output}`);
  return output;
}

/** The manifests of all packages installed in `folder`, nested ones too. */
export const manifests = (folder: string): readonly Manifest[] =>
  globSync('node_modules/**/package.json', { cwd: folder })
    .map((file) => join(folder, file))
    .map((file) => ({ file, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<Manifest, 'file'>) }))
    .filter(({ file, name }) => name !== undefined && file.endsWith(join('node_modules', name, 'package.json')));

export interface Manifest {
  readonly file: string;
  readonly name?: string;
  readonly version?: string;
  readonly gypfile?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Copies a fixture of this folder to the consumer. */
export const bring = (to: Installed, fixture: string): Promise<void> =>
  cp(new URL(`./fixtures/${fixture}`, import.meta.url), join(to.folder, fixture));
