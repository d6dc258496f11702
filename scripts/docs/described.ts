import { functionOf, type Member, membersOf, signature, textOf } from './members.ts';
import { code, grid } from './page.ts';
import { type Declared, lookUp, source } from './sources.ts';

/** The file that names every type. */
export const TYPES = 'src/types.ts';

/** Types that stand in the page of the mesh; all others have one of their own. */
export const ON_MESH_PAGE: ReadonlySet<string> = new Set(['Mesh', 'MeshOptions']);

/** What is known of a declaration, whatever it is. */
export function described(declared: Declared): string[] {
  const { doc, syntax, source: file, name } = declared;
  if (syntax.type === 'FunctionDeclaration') return details(name, { ...functionOf(syntax, file), name, doc });
  if (syntax.init?.type === 'ArrowFunctionExpression')
    return details(name, { ...functionOf(syntax.init, file), name, doc });
  if (syntax.id.typeAnnotation != null) {
    const type = textOf(syntax.id.typeAnnotation.typeAnnotation, file);
    return details(name, { name, type, params: undefined, isOptional: false, generics: '', doc });
  }
  const fields = fieldsOf(declared);
  const isShown =
    syntax.typeAnnotation !== undefined && (fields === '' || syntax.typeAnnotation.type === 'TSIntersectionType');
  return [
    doc.about,
    ...(isShown ? [['```ts', written(declared), '```'].join('\n')] : []),
    ...(fields === '' ? [] : [fields]),
  ];
}

/** A type as it is written, with what stands between its lines. */
function written({ syntax, source: { text } }: Declared): string {
  return text.slice(syntax.start, syntax.end).replaceAll(/^ *\/\/ biome-ignore.*\n/gm, '');
}

/** Everything that is known of a function or a field. */
export function details(of: string, member: Member): string[] {
  const { doc, params } = member;
  const shown = of === 'mesh' && !member.name.startsWith('[') ? `mesh.${signature(member)}` : signature(member);
  const rows = (params ?? []).map(({ name, type, isOptional }) => [
    code(isOptional ? `${name}?` : name),
    typed(type),
    doc.params.get(name) ?? '',
  ]);
  return [
    ['```ts', shown, '```'].join('\n'),
    doc.about,
    ...(rows.length === 0 ? [] : [grid(['parameter', 'type', 'meaning'], rows)]),
    ...(member.type === '' ? [] : [`Gives ${typed(member.type)}.`]),
    ...(doc.throws.length === 0 ? [] : ['Fails with', doc.throws.map((one) => `- ${one}`).join('\n')]),
  ];
}

/** What a class or an interface has, in a table; empty where it has nothing. */
export function fieldsOf(declared: Declared): string {
  const members = membersOf(declared);
  if (members.length === 0) return '';
  const rows = members.map((member) => {
    const { name, params, type, isOptional, doc } = member;
    const errors = doc.throws.map((one) => ` Throws ${one}`).join('');
    const head = params === undefined ? `${name}${isOptional ? '?' : ''}` : signature({ ...member, type: '' });
    const shown = isOptional ? type.replace(/ \| undefined$/, '') : type;
    return [code(head), typed(shown === '' ? declared.name : shown), `${doc.about}${errors}`];
  });
  return grid(['', 'type', 'meaning'], rows);
}

/** A type in a line, linked to the first of those that have names. */
function typed(type: string): string {
  const known = [...type.matchAll(/(?<!['.\w])[A-Z]\w+/g)].map(([name]) => name).find((name) => placeOf(name));
  return known === undefined ? code(type) : `[${code(type)}](${placeOf(known)})`;
}

function placeOf(name: string): string | undefined {
  if (ON_MESH_PAGE.has(name)) return `mesh.md#${name === 'Mesh' ? 'the-mesh' : name.toLowerCase()}`;
  return source(TYPES).doors.has(name) ? `types.md#${name.toLowerCase()}` : undefined;
}

/** What a name means in a file. @throws Error where it means nothing. */
export function named(path: string, name: string): Declared {
  const declared = lookUp(path, name);
  if (declared === undefined) throw new Error(`${path} has no ${name}`);
  return declared;
}

/** As the pages of GitHub have it. */
export const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
