import assert from 'node:assert/strict';
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, tool } from '../../scripts/run.ts';
import { table } from '../../src/policy/table.ts';
import { linksOf } from '../docs/markdown.ts';
import { bring, type Installed, install, manifests, well } from './installed.ts';

let consumer: Installed;
before(async () => {
  consumer = await install();
});
after(() => consumer?.[Symbol.asyncDispose]());

/** Packages that nobody gets who did not ask for them. */
const OPTIONAL = ['axios', 'jose', 'express', 'fastify', 'koa', 'hono', '@opentelemetry/sdk-node'];

const door = (name: string): string => (name === '.' ? 'inmesh' : `inmesh${name.slice(1)}`);

test('the front door opens by import and by require, and is the same thing both ways', async () => {
  const output = await well(
    consumer.run(
      'both.mjs',
      `import { createRequire } from 'node:module';
       const [imported, required] = [await import('inmesh'), createRequire(import.meta.url)('inmesh')];
       console.log(typeof imported.createMesh, required.createMesh === imported.createMesh);
       console.log(Object.keys(imported).sort().join());`,
    ),
  );
  const [first, names] = output.trim().split('\n');
  assert.equal(first, 'function true');
  assert.ok(names?.split(',').includes('MeshError'), names);
});

test('a CommonJS program can require it', async () => {
  const output = await well(
    consumer.run('old.cjs', `const { createMesh } = require('inmesh'); console.log(typeof createMesh);`),
  );
  assert.equal(output.trim(), 'function');
});

test('every door that package.json names opens', async () => {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: object };
  const [data, code] = [[] as string[], [] as string[]];
  for (const name of Object.keys(exports)) (name.endsWith('.json') ? data : code).push(door(name));
  assert.deepEqual(data, ['inmesh/policy.schema.json', 'inmesh/package.json']);
  await consumer.lend('axios', 'follow-redirects', 'form-data', 'proxy-from-env');
  const source = [
    ...code.map((name) => `console.log('${name}', Object.keys(await import('${name}')).length > 0);`),
    ...data.map(
      (name) => `console.log('${name}', typeof (await import('${name}', { with: { type: 'json' } })).default);`,
    ),
  ];
  const output = await well(consumer.run('doors.mjs', source.join('\n')));
  const typesOnly = 'inmesh/types'; // nothing of it is there when a program runs
  const told = [...code.map((name) => `${name} ${name !== typesOnly}`), ...data.map((name) => `${name} object`)];
  assert.deepEqual(output.trim().split('\n'), told);
});

test('what is no door does not open', async () => {
  const paths = ['inmesh/dist/index.js', 'inmesh/core/stack', 'inmesh/src/index.ts', 'inmesh/dist/mesh.js'];
  const source = paths.map((path) => `await import('${path}').catch(({ code }) => console.log(code));`).join('\n');
  const output = await well(consumer.run('walls.mjs', source));
  assert.deepEqual(output.trim().split('\n'), Array(paths.length).fill('ERR_PACKAGE_PATH_NOT_EXPORTED'));
});

test('the schema that is shipped is the one that the code makes', async () => {
  const { policyJsonSchema } = await import('../../src/policy/json-schema.ts');
  const shipped: unknown = JSON.parse(await readFile(join(consumer.inmesh, 'dist/policy.schema.json'), 'utf8'));
  assert.deepEqual(shipped, JSON.parse(JSON.stringify(policyJsonSchema())));
});

test('nothing but code, types, the schema and the papers is shipped', () => {
  const files = globSync('**/*.*', { cwd: consumer.inmesh });
  const known = /^(?:dist\/[\w/-]+(?:\.js|\.d\.ts|\.schema\.json)|docs\/[\w/-]+\.(?:md|svg))$/;
  const odd = files.filter((file) => !known.test(file)).toSorted();
  const papers = ['CHANGELOG.md', 'README.md', 'SECURITY.md', 'dist/LICENSES-OF-OTHERS.txt', 'package.json'];
  assert.deepEqual(odd, papers);
  assert.ok(files.length > 50, `only ${files.length} files`);
});

test('who has the package alone has the documentation that it names', async () => {
  const there = globSync(['README.md', 'SECURITY.md', 'docs/**/*.md'], { cwd: consumer.inmesh });
  const texts = await Promise.all(there.map((page) => readFile(join(consumer.inmesh, page), 'utf8')));
  const shipped = /^(?:docs\/|CHANGELOG\.md$|SECURITY\.md$)/;
  const links = there.flatMap((page, at) => linksOf(page, texts[at]!)).filter(({ file }) => shipped.test(file));
  assert.ok(links.length > 250, `only ${links.length} links were found`);
  const dead = links.filter(({ file }) => !existsSync(join(consumer.inmesh, file)));
  assert.deepEqual(
    dead.map(({ page, to }) => `${page} -> ${to}`),
    [],
  );
});

test('importing it opens nothing', async () => {
  const output = await well(
    consumer.run(
      'idle.mjs',
      `const idle = process.getActiveResourcesInfo().join();
       await import('inmesh');
       console.log(process.getActiveResourcesInfo().join() === idle);`,
    ),
  );
  assert.equal(output.trim(), 'true');
});

test("importing it leaves the process's own fetch and its dispatchers alone", async () => {
  const output = await well(
    consumer.run(
      'fetch.mjs',
      `const symbols = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name));
       const look = () => symbols.map((symbol) => Object.getOwnPropertyDescriptor(globalThis, symbol));
       await fetch('data:,wake'); // makes the built-in client, and with it the dispatcher of this process
       const [fetchBefore, before] = [globalThis.fetch, look()];
       const { createMesh } = await import('inmesh');
       const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://127.0.0.1:1'] } } });
       await mesh.request('http://orders/', { method: 'GET' }).catch(() => {}); // loads the transport
       await mesh.close();
       const after = look();
       console.log(globalThis.fetch === fetchBefore,
         ...symbols.map((_, i) => before[i]?.value === after[i]?.value && before[i]?.get === after[i]?.get));`,
    ),
  );
  assert.equal(output.trim(), 'true true true');
});

test('no package that it brings along runs a script when it is installed', () => {
  const all = manifests(consumer.folder);
  assert.ok(all.length > 5, `only ${all.length} packages were found`);
  const scripted = all.filter(({ scripts, gypfile, file }) => {
    const own = ['preinstall', 'install', 'postinstall', 'preuninstall'].some((name) => scripts?.[name] !== undefined);
    return own || gypfile === true || file.includes('node-gyp');
  });
  assert.deepEqual(
    scripted.map(({ name }) => name),
    [],
  );
});

test('no optional peer is installed for who did not ask for it', () => {
  const names = new Set(manifests(consumer.folder).map(({ name }) => name));
  assert.deepEqual(
    OPTIONAL.filter((name) => names.has(name)),
    [],
  );
  assert.ok(names.has('@opentelemetry/api'));
});

test('what needs a package that is not there is refused when it is asked for, and the error says what to install', async () => {
  const keys = '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
  const output = await well(
    consumer.run(
      'peers.mjs',
      `import { createMesh } from 'inmesh';
       import { startTelemetry } from 'inmesh/otel';
       const made = (more) => createMesh({ service: 'shop', registry: { fixed: {} }, ...more });
       for (const asked of [
         () => made({ identity: { issuers: [{ issuer: 'checkout', keys: ${keys} }] } }),
         () => made({ redis: { eval: () => {}, evalsha: () => {} } }),
         () => startTelemetry({ service: 'shop' }),
       ]) await asked().then(() => console.log('made'), (error) => console.log(error.reason, error.message));`,
    ),
  );
  assert.deepEqual(output.trim().split('\n'), [
    'request identity: tokens need the package jose (npm install jose) (INVALID_ARGUMENT: request)',
    'request redis needs the package rate-limiter-flexible (npm install rate-limiter-flexible) (INVALID_ARGUMENT: request)',
    'request startTelemetry needs the package @opentelemetry/sdk-node (npm install @opentelemetry/sdk-node) (INVALID_ARGUMENT: request)',
  ]);
});

test("a user's TypeScript compiles against it, declarations checked and all", async () => {
  await Promise.all([bring(consumer, 'consumer.ts'), bring(consumer, 'tsconfig.json')]);
  await consumer.lend('axios', '@types/node', 'undici-types');
  for (const [module, moduleResolution] of [
    ['nodenext', 'nodenext'],
    ['node16', 'node16'],
    ['esnext', 'bundler'],
  ]) {
    const how = ['--module', module!, '--moduleResolution', moduleResolution!];
    const { code, output } = await tool('typescript/bin/tsc', ['-p', consumer.folder, ...how]);
    assert.equal(code, 0, `${moduleResolution}: ${output}`);
  }
});

test('an editor shows what each section and setting of a policy means, its range and its default', async () => {
  const types = await readFile(join(consumer.inmesh, 'dist/policy/table.d.ts'), 'utf8');
  const shown = [...types.matchAll(/^ +\/\*\* (.+) \*\/\n +(?:readonly )?(\w+): /gm)].map(([, text, name]) => [
    name,
    text,
  ]);
  const settings = Object.entries(table).flatMap(([name, { about, fields }]) => [
    [name, about],
    ...Object.entries(fields).map(([field, { about, must }]) => [field, `${about} Must be ${must};`]),
  ]);
  assert.deepEqual(
    shown.map(([name, text], at) => [name, text!.slice(0, settings[at]?.[1]?.length)]),
    settings,
  );
  assert.match(types, /such as '250ms' or '2s'; '10s' unless told\. \*\/\n +timeout: /);
});

test('publint has nothing to say', async () => {
  const output = await well(tool('publint/src/cli.js', [consumer.tarball, '--strict', '--pack', 'false']));
  assert.match(output, /All good!/);
});

test('every way to resolve its types finds them (arethetypeswrong)', async () => {
  const args = [consumer.tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'];
  const { code, output } = await tool('@arethetypeswrong/cli/dist/index.js', args);
  assert.equal(code, 0, output);
});
