import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type ChunkingContext, type Plugin, type PreRenderedChunk, type RolldownOutput, rolldown } from 'rolldown';
import { root } from '../run.ts';

/** Packages that are compiled in, of which little is used; see docs/design/dependencies.md. All others stay outside. */
const COMPILED_IN: readonly string[] = ['valibot'];

const SRC = join(root, 'src');
const FRONT_DOOR = join(SRC, 'index.ts');
const CREATE = join(SRC, 'mesh', 'create.ts');
const MESH = join(SRC, 'mesh', 'open.ts'); // what `createMesh` loads

/** Writes the code of these doors, and of all that they need, in few files: Node takes its time for each. */
export async function bundle(doors: readonly string[], dist: string): Promise<void> {
  const bundler = await rolldown({
    cwd: root,
    input: Object.fromEntries(doors.map((door) => [door, `./src/${door}.ts`])),
    platform: 'node',
    external: (id) => isPackage(id) && !COMPILED_IN.includes(id),
    transform: { target: 'es2024' },
    plugins: [ascii, helpers],
  });
  const { output } = await bundler.write({
    dir: dist,
    // Who reads a stack trace reads our words: no name is shortened, and one that two files have stays its own.
    minify: false,
    minifyInternalExports: false,
    keepNames: true,
    comments: { legal: true, annotation: true, jsdoc: false },
    chunkFileNames: nameOf,
    codeSplitting: { groups: [{ debugName: 'stages', name: stageOf }] },
  });
  await bundler.close();
  await writeLicences(output, dist);
}

const isPackage = (id: string): boolean => /^[^./]/.test(id);

/**
 * What is loaded together lies together: what the front door needs, what `createMesh` needs beside it. The rest is split
 * by who needs it, which the bundler finds out. `createMesh` itself lies in the front door: bundlers of users pass that
 * by for who takes `MeshError` alone, and with it all that it leads to.
 */
function stageOf(id: string, graph: ChunkingContext): string | undefined {
  if (id === FRONT_DOOR || id === CREATE || id === MESH) return undefined;
  if (reachOf(FRONT_DOOR, graph).has(id)) return 'core';
  return reachOf(MESH, graph).has(id) ? 'mesh' : undefined;
}

/** Every module that is loaded with this one. */
function reachOf(from: string, graph: ChunkingContext): ReadonlySet<string> {
  const reached = new Set([from]);
  for (const id of reached) for (const next of graph.getModuleInfo(id)?.importedIds ?? []) reached.add(next);
  return reached;
}

/** A file is named after the module that it is there for, with no hash in it: a stack trace or a diff says it again. */
function nameOf({ name, facadeModuleId, moduleIds }: PreRenderedChunk): string {
  const of = facadeModuleId ?? moduleIds.at(-1);
  const isStage = name === 'core' || name === 'mesh';
  if (isStage || of === undefined || !of.startsWith(SRC)) return `${name}.js`;
  return relative(SRC, of).replaceAll(sep, '/').replace(/\.ts$/, '.js');
}

/** V8 keeps a file with one letter beyond Latin in it at twice its size. In texts and patterns this says the same. */
const ascii: Plugin = {
  name: 'ascii',
  renderChunk: (code) =>
    code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
};

const HELPERS = 'rolldown-runtime.js';
const NAME =
  "const __name = (target, value) => Object.defineProperty(target, 'name', { value, configurable: true });\n";

/** The one line that names are kept with stands in the files that need it: no file is loaded for it. */
const helpers: Plugin = {
  name: 'helpers',
  renderChunk(code, { fileName }) {
    if (fileName === HELPERS) return null;
    const rest = code.replace(/^import (?:\{ __name \} from )?"[./]+\/rolldown-runtime\.js";\n+/m, '');
    return rest.includes('__name(') ? NAME + rest : rest;
  },
  generateBundle(_options, files) {
    const users = Object.values(files).filter((file) => file.type === 'chunk' && file.code.includes(HELPERS));
    if (users.length > 0) throw new Error(`a helper other than __name is needed by ${users[0]!.fileName}`);
    delete files[HELPERS];
  },
};

/** The licences of what was compiled in, as they ask for. */
async function writeLicences(output: RolldownOutput['output'], dist: string): Promise<void> {
  const ids = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
  const packages = ids.map((id) => /.*node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1]);
  const texts: string[] = [];
  for (const name of new Set(packages)) {
    if (name === undefined) continue;
    const folder = join(root, 'node_modules', name);
    const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
    const licence = await readFile(join(folder, 'LICENSE.md'), 'utf8');
    texts.push(`Parts of ${name} ${version} are compiled into this code.\n\n${licence.trim()}\n`);
  }
  await writeFile(join(dist, 'LICENSES-OF-OTHERS.txt'), texts.join('\n'));
}
