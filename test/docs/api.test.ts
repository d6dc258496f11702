import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doors } from '../../scripts/docs/doors.ts';
import { functionOf, membersOf } from '../../scripts/docs/members.ts';
import { type Declared, lookUp, type Syntax, source } from '../../scripts/docs/sources.ts';
import { pages } from '../../scripts/docs.ts';
import { reachedFrom } from './reach.ts';

/** What no program has to name, and what lies behind it, with why. */
const INNER: Readonly<Record<string, string>> = {
  Node: 'what the balancer has learnt of an endpoint: a filter may look, and nobody makes one',
  Events: 'made by `testEnv`, heard through `mesh.on`',
  Timeouts: 'made by `testEnv`',
  Watch: 'made by `createMesh` of its options',
  Identity: 'made by `createMesh` of its options',
  QuotaStore: 'made by `createMesh` of its options',
  Place: 'made by `createMesh` of its options',
  Probe: 'made by `createMesh`',
  Wire: 'made by adapters of servers, for who watches',
  Linked: 'how a scope stands in a list',
  Infer: 'how the type of a policy comes from its table',
  InferDocument: 'the same, of its document',
  ServedMesh: 'the part of `Mesh` that is called',
  ToldMesh: 'the part of `Mesh` that tells',
};

const every = doors.flatMap(({ path }) => [...source(path).doors.keys()].map((name) => ({ path, name })));

test('every type that a signature of the package names has a name in one of its entry points', () => {
  const exported = new Set(every.map(({ path, name }) => lookUp(path, name)));
  const found = doors.flatMap(({ path }) => [...reachedFrom(path, new Set(Object.keys(INNER)))]);
  const isWorthIt = ([, { syntax, source: file }]: (typeof found)[number]): boolean =>
    syntax.type !== 'VariableDeclarator' && file.text.includes(`export `) && isExported(file.text, syntax.id.name);
  const nameless = new Set(found.filter((one) => isWorthIt(one) && !exported.has(one[1])).map(([key]) => key));
  assert.deepEqual([...nameless], []);
  assert.ok(found.length > 150, `${found.length}`);
});

/** What its own file keeps to itself is written out where it is used. */
const isExported = (text: string, name: string): boolean =>
  new RegExp(`export (?:abstract |declare )?(?:class|interface|type|function) ${name}\\b`).test(text);

/** What a name takes and gives that is a function; of one whose type says so elsewhere, nobody knows here. */
function made({ syntax }: Declared): Syntax | undefined {
  if (syntax.type === 'FunctionDeclaration') return syntax;
  return /Function/.test(syntax.init?.type) && syntax.id.typeAnnotation == null ? syntax.init : undefined;
}

test('everything that has a name is explained, each field, each method, each parameter', () => {
  const silent = new Set<string>();
  for (const { path, name } of every) {
    const declared = lookUp(path, name)!;
    const { syntax, source: file, doc } = declared;
    if (doc.about === '') silent.add(`${file.path} ${name}`);
    const own = made(declared);
    if (own !== undefined) {
      for (const { name: param } of functionOf(own, file).params!)
        if (!doc.params.has(param)) silent.add(`${file.path} ${name}(${param})`);
      continue;
    }
    if (syntax.type === 'VariableDeclarator') continue; // its type says what it is
    for (const member of membersOf(declared)) {
      if (member.doc.about === '') silent.add(`${file.path} ${name}.${member.name}`);
      if (name !== 'Mesh') continue;
      for (const { name: param } of member.params ?? [])
        if (!member.doc.params.has(param)) silent.add(`${file.path} ${name}.${member.name}(${param})`);
    }
  }
  assert.deepEqual([...silent], []);
});

test('every parameter that a docstring explains is there', () => {
  for (const { path, name } of every) {
    const declared = lookUp(path, name)!;
    const { source: file, doc } = declared;
    const own = made(declared);
    const functions = own === undefined ? membersOf(declared) : [{ ...functionOf(own, file), name, doc }];
    for (const one of functions) {
      const there = new Set(one.params?.map((param) => param.name));
      const odd = [...one.doc.params.keys()].filter((param) => !there.has(param));
      assert.deepEqual(odd, [], `${file.path} ${name}.${one.name}`);
    }
  }
});

test('every link among the pages of the reference leads to a heading that is there', () => {
  const written = new Map(Object.entries(pages).map(([path, page]) => [path.replace('docs/reference/', ''), page()]));
  const anchors = new Map([...written].map(([path, text]) => [path, new Set(anchorsOf(text))]));
  let links = 0;
  for (const [from, text] of written) {
    if (from.includes('/')) continue; // pages of slots, whose links their own test knows
    for (const [, to, anchor] of text.matchAll(/\]\(((?:[\w-]+\.md)?)(?:#([\w-]+))?\)/g)) {
      const page = to === '' ? from : to!;
      if (!written.has(page)) continue;
      links++;
      if (anchor !== undefined) assert.ok(anchors.get(page)!.has(anchor), `${from}: ${page}#${anchor}`);
    }
  }
  assert.ok(links > 400, `${links}`);
});

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );

test('the page of the mesh shows each method with what it takes, gives and fails with', () => {
  const page = pages['docs/reference/mesh.md']!();
  const of = (name: string): string => new RegExp(`^### ${name}$[^]*?(?=^##|$(?![^]))`, 'm').exec(page)?.[0] ?? '';
  const call = of('mesh.call');
  assert.match(call, /^mesh\.call<Res>\(service: string, send: Send<Res>, options\?: CallOptions\): Promise<Res>$/m);
  assert.match(call, /^\| `send` \| \[`Send<Res>`\]\(types\.md#send\) \| Sends one attempt\./m);
  assert.match(call, /^Fails with\n\n- MeshError when the mesh itself refuses: /m);
  const methods =
    'call request fetch dependsOn setPolicy close context authorize middleware handler receive announce serve onClose within service on explain plan tap snapshot metrics';
  for (const name of methods.split(' ')) assert.match(of(`mesh\\.${name}`), /^```ts\n.+\n```\n\n.+\.$/m, name);
  assert.doesNotMatch(page, /internal|batched|heed|Inside/);
});
