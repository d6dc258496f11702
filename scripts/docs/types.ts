import { anchorOf, described, named, ON_MESH_PAGE, TYPES } from './described.ts';
import { type Door, doors } from './doors.ts';
import { code, grid, made } from './page.ts';
import { source } from './sources.ts';

/** Every type that has a name. */
export function typesPage(): string {
  const all = [...source(TYPES).doors.keys()].filter((name) => !ON_MESH_PAGE.has(name)).sort(byName);
  return [
    made('the docstrings of what src/types.ts names'),
    '# Types',
    "What the [mesh](mesh.md) takes and gives. All are there by name: `import type { CallPlan } from 'inmesh/types'`; those that most programs name are in `inmesh` as well, and what can be made or asked (`MeshError`, `Stack`, `LiveValue`, `endpoint`) is in `inmesh` alone. Nothing of `inmesh/types` is there when a program runs. Numbers are milliseconds where their names or their texts say nothing else; a `?` stands behind what need not be there.",
    all.map((name) => `[${name}](#${name.toLowerCase()})`).join(' · '),
    ...all.flatMap((name) => [`## ${name}`, ...described(named(TYPES, name))]),
    '',
  ].join('\n\n');
}

/** The other entry points. */
export function doorsPage(): string {
  return [
    made('the docstrings of what the entry points name, and scripts/docs/doors.ts'),
    '# Entry points',
    'Each is a door of its own, so that nobody pays for what is behind another.',
    grid(
      ['import', 'for'],
      doors.map(({ name, about }) => [`[${code(name)}](#${anchorOf(name)})`, about]),
    ),
    ...doors.flatMap(doorSection),
    '',
  ].join('\n\n');
}

function doorSection({ name, about, path, page }: Door): string[] {
  const head = [`## ${name}`, about, ...(page === undefined ? [] : [`See [${page.text}](${page.to}).`])];
  const names = [...source(path).doors.keys()].filter((one) => !source(TYPES).doors.has(one) && one !== 'createMesh');
  return [...head, ...names.flatMap((one) => [`### ${one}`, ...described(named(path, one))])];
}

const byName = (one: string, other: string): number => one.localeCompare(other, 'en');
