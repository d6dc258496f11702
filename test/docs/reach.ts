import { type Declared, lookUp, type Source, type Syntax, source } from '../../scripts/docs/sources.ts';

/** Every declaration of ours that the signatures behind an entry point name, and those that these name: by file and name. */
export function reachedFrom(door: string, stop: ReadonlySet<string>): Map<string, Declared> {
  const found = new Map<string, Declared>();
  const visit = (name: string, path: string): void => {
    const declared = lookUp(path, name);
    if (declared === undefined || stop.has(declared.name)) return;
    const key = `${declared.source.path} ${declared.name}`;
    if (found.has(key)) return;
    found.set(key, declared);
    for (const one of namesIn(declared.syntax, declared.source)) visit(one, declared.source.path);
  };
  for (const name of source(door).doors.keys()) visit(name, door);
  return found;
}

/** The types that a signature names. Bodies of functions, private parts and what is internal are nobody's business. */
function* namesIn(syntax: unknown, file: Source): Generator<string> {
  if (Array.isArray(syntax)) for (const one of syntax) yield* namesIn(one, file);
  if (typeof (syntax as Syntax | null)?.type !== 'string') return;
  const node = syntax as Syntax;
  if (isHidden(node, file)) return;
  const name: string | undefined = (node.typeName ?? node.superClass ?? node.expression)?.name;
  if (name !== undefined) yield name;
  for (const [field, value] of Object.entries(node)) if (!isCode(node, field)) yield* namesIn(value, file);
}

function isHidden(node: Syntax, file: Source): boolean {
  if (node.type === 'BlockStatement' || node.type === 'StaticBlock') return true;
  if (node.key === undefined) return false;
  return node.key.type === 'PrivateIdentifier' || node.accessibility === 'private' || file.docOf(node).isInternal;
}

/** Whether a field holds code: the default of a parameter, what a constant or an arrow comes to. */
function isCode(node: Syntax, field: string): boolean {
  if (node.type === 'AssignmentPattern') return field === 'right';
  if (node.type === 'ArrowFunctionExpression') return field === 'body';
  const value = field === 'value' || field === 'init' ? node[field] : undefined;
  return value != null && !/Function/.test(value.type);
}
