import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, tool } from '../../scripts/run.ts';

const tsc = (...args: readonly string[]) => tool('typescript/bin/tsc', ['--pretty', 'false', ...args]);

const cases = globSync('test/types/cases/*.ts', { cwd: root }).map((file) => basename(file));

/** A program that has to be refused, or the others would prove nothing. */
const WRONG = `import type { Mesh } from 'inmesh';\nexport const wrong = (mesh: Mesh): number => mesh.call('orders', () => 1);\n`;

let folder: string;
let output: string;

/** Writes the declarations as they will be published, and compiles the cases against those. */
before(async () => {
  await mkdir(join(root, '.cache'), { recursive: true });
  folder = await mkdtemp(join(root, '.cache', 'types-')); // in here, so that packages are found
  const declarations = join(folder, 'inmesh');
  const emitted = await tsc('-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', declarations);
  assert.equal(emitted.code, 0, emitted.output);
  await cp(join(root, 'test/types/cases'), folder, { recursive: true });
  await writeFile(join(folder, 'wrong.ts'), WRONG);
  const compilerOptions = {
    skipLibCheck: false,
    paths: { inmesh: ['./inmesh/index.d.ts'], 'inmesh/types': ['./inmesh/types.d.ts'] },
  };
  const config = { extends: join(root, 'tsconfig.json'), compilerOptions, include: ['*.ts'], exclude: [] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
  output = (await tsc('-p', folder)).output;
});
after(() => rm(folder, { recursive: true, force: true }));

const told = (file: string): string[] => output.split('\n').filter((line) => line.includes(`/${file}(`));

test('a program that uses the types in a wrong way does not compile', () => {
  assert.match(output, /^\S+wrong\.ts\(2,\d+\): error TS2322: Type 'Promise<number>' is not/m);
});

for (const file of cases) {
  test(`the published types hold what ${file} says of them`, () => {
    assert.deepEqual(told(file), []);
  });
}

test('nothing else is wrong with the published types', () => {
  const others = output.split('\n').filter((line) => / error TS/.test(line) && !line.includes('wrong.ts('));
  assert.deepEqual(others, []);
});

test('what an editor shows for mesh.call reads in one line', () => {
  const declared = readFileSync(join(folder, 'inmesh/mesh/mesh.d.ts'), 'utf8');
  const signature = declared.split('\n').find((line) => line.trimStart().startsWith('call<'));
  assert.equal(signature?.trim(), 'call<Res>(service: string, send: Send<Res>, options?: CallOptions): Promise<Res>;');
});

test('every export of the front door says in a sentence what it is', () => {
  const documented = /\*\/\s*export (?:declare )?(?:abstract )?(?:class|const|function|interface|type) (\w+)/g;
  const files = globSync('**/*.d.ts', { cwd: join(folder, 'inmesh') });
  const said = new Set(
    files.flatMap((file) =>
      [...readFileSync(join(folder, 'inmesh', file), 'utf8').matchAll(documented)].map(([, name]) => name),
    ),
  );
  const door = readFileSync(join(folder, 'inmesh/index.d.ts'), 'utf8');
  const names = [...door.matchAll(/\{([^}]*)\}/g)].flatMap(([, list]) =>
    list!.split(',').map((name) => name.trim().replace(/^type /, '')),
  );
  assert.ok(names.includes('createMesh') && names.length > 20, names.join());
  assert.deepEqual(
    names.filter((name) => name !== '' && !said.has(name)),
    [],
  );
});
