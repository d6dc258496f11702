import { type Declared, type Doc, lookUp, type Source, type Syntax } from './sources.ts';

/** Something that a class or an interface has. */
export interface Member {
  readonly name: string;
  /** Its parameters, where it is a function. */
  readonly params: readonly Param[] | undefined;
  /** The type of a field, or of what a function gives. */
  readonly type: string;
  readonly isOptional: boolean;
  /** Those of its type parameters, with their brackets; empty where it has none. */
  readonly generics: string;
  readonly doc: Doc;
}

/** A parameter of a function. */
export interface Param {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  /** Whether it stands for all that follow. */
  readonly isRest: boolean;
}

/** All that a class or an interface has and a user may know of, what it inherits last. Each name once. */
export function membersOf({ syntax, source }: Declared): Member[] {
  const body: readonly Syntax[] | undefined = syntax.body?.body;
  if (body === undefined) return syntax.type === 'TSTypeAliasDeclaration' ? ofType(syntax.typeAnnotation, source) : [];
  const own = body.filter((one) => !isHidden(one, source)).map((one) => read(one, source));
  const above = parentsOf(syntax).flatMap((parent) => ofReference(parent, source));
  const names = new Set(own.map(({ name }) => name));
  const promised = (syntax.implements ?? []).flatMap((one: Syntax) => ofReference(one, source)) as Member[];
  const said = own.map((one) => (one.doc.about === '' ? (promised.find(({ name }) => name === one.name) ?? one) : one));
  return [...said, ...above.filter(({ name }) => name !== 'new' && !names.has(name))];
}

/** What it extends. */
const parentsOf = ({ superClass, extends: list }: Syntax): Syntax[] =>
  superClass == null ? (list ?? []) : [{ ...superClass, expression: superClass }];

/** What a type has that is made of another: by its name, or by that of a part of it. */
function ofType(type: Syntax, source: Source): Member[] {
  if (type.type === 'TSTypeReference') return ofReference(type, source);
  if (type.type === 'TSIntersectionType') {
    const isOne = type.types.every((one: Syntax) => one.type !== 'TSParenthesizedType'); // and not one of several
    return isOne ? type.types.flatMap((one: Syntax) => ofType(one, source)) : [];
  }
  if (type.type !== 'TSTypeLiteral') return [];
  return type.members.map((one: Syntax) => read(one, source));
}

function ofReference({ typeName, expression, typeArguments }: Syntax, source: Source): Member[] {
  const name: string | undefined = (typeName ?? expression)?.name;
  const [whole, names] = typeArguments?.params ?? [];
  if (name === 'Pick' || name === 'Omit') {
    const said = textOf(names, source);
    return ofType(whole, source).filter((member) => said.includes(`'${member.name}'`) === (name === 'Pick'));
  }
  const declared = name === undefined ? undefined : lookUp(source.path, name);
  return declared === undefined ? [] : membersOf(declared);
}

function isHidden(member: Syntax, source: Source): boolean {
  const { key, accessibility, kind, type } = member;
  if (key === undefined || key.type === 'PrivateIdentifier' || accessibility === 'private') return true;
  if (kind === 'set' || type === 'StaticBlock') return true; // a setter has its getter
  if (member.computed && /\bBRAND\b/.test(source.text.slice(key.start, key.end))) return true;
  return source.docOf(member).isInternal;
}

function read(member: Syntax, source: Source): Member {
  const { key, kind, computed, static: isStatic, value } = member;
  const written = textOf(key, source);
  const plain = computed ? `[${written}]` : written;
  const name = kind === 'constructor' ? 'new' : isStatic ? `static ${plain}` : plain;
  const doc = source.docOf(member);
  const isMethod = kind === 'method' || kind === 'constructor' || member.type === 'TSMethodSignature';
  const asFunction = member.type === 'TSMethodSignature' ? member : value;
  if (isMethod || value?.type === 'ArrowFunctionExpression') return { ...functionOf(asFunction, source), name, doc };
  const type = kind === 'get' ? (value?.returnType ?? member.returnType) : member.typeAnnotation;
  const shown = type == null ? textOf(value, source) : annotated(type, source);
  return { name, params: undefined, type: shown, isOptional: member.optional === true, generics: '', doc };
}

/** What a function takes and gives. */
export function functionOf(syntax: Syntax, source: Source): Omit<Member, 'name' | 'doc'> {
  const { params, returnType, typeParameters } = syntax;
  const given = params.map((param: Syntax) => readParam(param, source));
  const type = returnType == null ? '' : annotated(returnType, source);
  const generics = typeParameters == null ? '' : textOf(typeParameters, source);
  return { params: given, type, isOptional: false, generics };
}

function readParam(param: Syntax, source: Source): Param {
  if (param.type === 'RestElement')
    return { ...readParam(param.argument, source), ...annotation(param, source), isRest: true };
  if (param.type === 'AssignmentPattern') return { ...readParam(param.left, source), isOptional: true };
  const name = param.type === 'Identifier' ? param.name : 'options'; // those taken apart
  return { name, type: '', ...annotation(param, source), isOptional: param.optional === true, isRest: false };
}

const annotation = ({ typeAnnotation }: Syntax, source: Source): { type?: string } =>
  typeAnnotation == null ? {} : { type: annotated(typeAnnotation, source) };

const annotated = ({ typeAnnotation }: Syntax, source: Source): string => textOf(typeAnnotation, source);

/** As it is written, in one line. */
export const textOf = ({ start, end }: Syntax, { text }: Source): string =>
  text
    .slice(start, end)
    .replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** A function as an editor would show it. */
export function signature({ name, params, generics, type }: Member): string {
  if (params === undefined) return `${name}: ${type}`;
  const given = params.map(
    (param) => `${param.isRest ? '...' : ''}${param.name}${param.isOptional ? '?' : ''}: ${param.type}`,
  );
  return `${name}${generics}(${given.join(', ')})${type === '' ? '' : `: ${type}`}`;
}
