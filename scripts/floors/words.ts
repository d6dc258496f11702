import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { House } from './house.ts';
import type { Excuse } from './imports.ts';
import { countLines, type Source } from './tree.ts';

const WRITTEN = ['src', 'test', 'scripts', 'bench', 'examples'];
const TABLE = 'policy/table.ts';
const REFERENCE = 'docs/reference/policy.md';
const WAY = 'mesh/outbound.ts';

type Table = Readonly<Record<string, { readonly fields: Readonly<Record<string, unknown>> }>>;

/** No file is longer than a person reads at a sitting. */
export function lengths(root: string, { limits }: House): string[] {
  return globSync(
    WRITTEN.map((folder) => `${folder}/**/*.ts`),
    { cwd: root, exclude: (name) => name === 'node_modules' },
  )
    .sort()
    .map((file) => [file, countLines(readFileSync(join(root, file), 'utf8'))] as const)
    .filter(([, lines]) => lines > limits.lines)
    .map(([file, lines]) => `${file} has ${lines} lines; ${limits.lines} is the most`);
}

/** The front door stays small. */
export function frontDoor(sources: readonly Source[], { limits }: House): string[] {
  const names = sources.find(({ path }) => path === 'index.ts')?.module.exports ?? [];
  if (names.includes('*')) return ['src/index.ts exports *; name what is public'];
  return names.length > limits.names
    ? [`src/index.ts has ${names.length} public names; ${limits.names} is the most`]
    : [];
}

/** The policy stays small, and one word means one thing in all its places. */
export async function words(
  root: string,
  sources: readonly Source[],
  house: House,
  excused: Excuse,
): Promise<string[]> {
  if (!sources.some(({ path }) => path === TABLE)) return [];
  const { table } = (await import(pathToFileURL(join(root, 'src', TABLE)).href)) as { table: Table };
  return [...sizes(table, house), ...slots(root, sources, table), ...sections(root, sources, table, house, excused)];
}

function sizes(table: Table, { limits }: House): string[] {
  const counts = Object.entries(table).map(([name, { fields }]) => [name, Object.keys(fields).length] as const);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return [
    ...(all > limits.fields ? [`the policy has ${all} fields; ${limits.fields} is the most`] : []),
    ...counts
      .filter(([, count]) => count > limits.section)
      .map(([name, count]) => `policy section ${name} has ${count} fields; ${limits.section} is the most`),
  ];
}

/** A filter's file, its slot, its test and its policy section have one name. */
function slots(root: string, sources: readonly Source[], table: Table): string[] {
  const way = sources.find(({ path }) => path === WAY)?.module.tokens ?? [];
  const named = way.flatMap(({ text }, at) =>
    text === 'name' && way[at + 1]?.text === ':' && way[at + 2]?.kind === 'string' ? way[at + 2]!.text : [],
  );
  const files = sources.flatMap(({ path }) => /^filters\/([\w-]+)\.ts$/.exec(path)?.[1] ?? []);
  return files.flatMap((slot) => [
    ...(named.includes(slot) ? [] : [`src/filters/${slot}.ts: no slot of src/${WAY} is named '${slot}'`]),
    ...(Object.hasOwn(table, slot) ? [] : [`src/filters/${slot}.ts: no section of the policy is named '${slot}'`]),
    ...(existsSync(join(root, `test/filters/${slot}.test.ts`))
      ? []
      : [`src/filters/${slot}.ts: there is no test/filters/${slot}.test.ts`]),
  ]);
}

/** What the policy lets one set is read by something of that name, and stands in the reference under it. */
function sections(root: string, sources: readonly Source[], table: Table, house: House, excused: Excuse): string[] {
  const page = join(root, REFERENCE);
  const headings: readonly string[] = existsSync(page) ? (readFileSync(page, 'utf8').match(/^## .+$/gm) ?? []) : [];
  const read = (name: string): boolean =>
    sources.some(({ path }) => path === `filters/${name}.ts`) ||
    sources.some(({ path }) => excused(house.sections, path, name));
  return Object.keys(table).flatMap((name) => [
    ...(read(name) ? [] : [`policy section ${name}: there is no src/filters/${name}.ts to read it`]),
    ...(headings.includes(`## ${name}`) ? [] : [`policy section ${name}: ${REFERENCE} has no heading of that name`]),
  ]);
}
