import { anchorOf, details, fieldsOf, named } from './described.ts';
import { functionOf, type Member, membersOf } from './members.ts';
import { code, grid, made } from './page.ts';
import { type Declared, lookUp, source } from './sources.ts';

/** The mesh itself: how it is made, and everything that it does. */
export function meshPage(): string {
  const [mesh, create, options] = ['Mesh', 'createMesh', 'MeshOptions'].map((name) => named('src/index.ts', name));
  const groups = new Map<string, Member[]>();
  for (const member of membersOf(mesh!)) {
    const file = fileOf(mesh!, member);
    groups.set(file, [...(groups.get(file) ?? []), member]);
  }
  return [
    made('the docstrings of src/mesh'),
    '# The mesh',
    `${mesh!.doc.about} Types are linked to [what they are](types.md); errors to [what they mean](errors.md). A \`?\` stands behind what need not be said. Whatever fails before it begins fails by the promise, where there is one.`,
    overview(membersOf(mesh!)),
    '## createMesh',
    ...details('createMesh', { ...functionOf(create!.syntax, create!.source), name: 'createMesh', doc: create!.doc }),
    '### MeshOptions',
    fieldsOf(options!),
    ...[...groups].flatMap(([file, members]) => [
      `## ${GROUPS[file]}`,
      ...members.flatMap((member) => [`### ${headingOf(member)}`, ...details('mesh', member)]),
    ]),
    '',
  ].join('\n\n');
}

/** What the faces of the mesh are for, by the files that they stand in. */
const GROUPS: Readonly<Record<string, string>> = {
  'src/mesh/mesh.ts': 'Calling, and the mesh as a whole',
  'src/mesh/served.ts': 'Being called',
  'src/mesh/told.ts': 'Seeing what happens',
};

/** The file in which a class, or one that it extends, has a member. */
function fileOf({ syntax, source: { path } }: Declared, { name }: Member): string {
  const own = (syntax.body.body as { key?: { start: number; end: number } }[]).some(
    ({ key }) => key !== undefined && bare(source(path).text.slice(key.start, key.end)) === bare(name),
  );
  const above = syntax.superClass?.name;
  return own || above === undefined ? path : fileOf(lookUp(path, above)!, { name } as Member);
}

const bare = (name: string): string => name.replaceAll(/[[\]]/g, '');

function overview(members: readonly Member[]): string {
  const rows = members.map((member) => [
    `[${code(`mesh.${member.name}`.replace('.[', '['))}](#${anchorOf(headingOf(member))})`,
    firstSentence(member.doc.about),
  ]);
  return grid(['', 'what it does'], [['[`createMesh`](#createmesh)', 'Makes a mesh.'], ...rows]);
}

const headingOf = ({ name }: Member): string => (name.startsWith('[') ? `mesh${name}` : `mesh.${name}`);

/** Up to the full stop that ends it, or to an example. */
const firstSentence = (text: string): string =>
  (/^.*?(?:\.(?= |$)|:(?= `[^`]*\())/.exec(text)?.[0] ?? text).replace(/:$/, '.');
