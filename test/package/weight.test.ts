import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { node, root, tool } from '../../scripts/run.ts';
import { read, snippetsOf } from '../docs/markdown.ts';
import { openWorld } from '../docs/world.ts';
import { type Installed, install, well } from './installed.ts';

let consumer: Installed;
before(async () => {
  consumer = await install();
});
after(() => consumer?.[Symbol.asyncDispose]());

const FRONT_DOOR = 4 * 1_024; // bytes, compressed; what every process that imports it reads
const WHOLE_MESH = 156 * 1_024; // what a process reads that calls with a client of its own
const FRONT_DOOR_FILES = 2; // Node takes longer for a file than for what is in it
const WHOLE_MESH_FILES = 4;

/** What is loaded by a program that does this. */
async function loadedBy(name: string, doing: string): Promise<{ own: string[]; packages: string[] }> {
  const output = await well(
    consumer.run(
      name,
      `import { createRequire, registerHooks } from 'node:module';
       const urls = new Set();
       registerHooks({ load: (url, context, next) => (urls.add(url), next(url, context)) });
       ${doing}
       for (const file of Object.keys(createRequire(import.meta.url).cache)) urls.add(file);
       console.log(JSON.stringify([...urls].filter((url) => url.includes('node_modules'))));`,
    ),
  );
  const files = JSON.parse(output) as string[];
  const packageOf = (file: string): string => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)![1]!;
  const own = files.filter((file) => packageOf(file) === 'inmesh');
  return { own, packages: [...new Set(files.map(packageOf))].filter((name) => name !== 'inmesh').sort() };
}

/** Bytes of these files, each compressed alone. */
async function weigh(files: readonly string[]): Promise<number> {
  const texts = await Promise.all(files.map((file) => readFile(fileURLToPath(file))));
  return texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
}

test('the front door is light and brings no other package', async () => {
  const { own, packages } = await loadedBy('door.mjs', `await import('inmesh');`);
  assert.deepEqual(packages, []);
  const bytes = await weigh(own);
  assert.ok(bytes > 0 && bytes <= FRONT_DOOR, `${own.length} files of ${bytes} bytes; ${FRONT_DOOR} is the most`);
  assert.equal(own.length, FRONT_DOOR_FILES, own.join('\n'));
});

test('a mesh that only calls brings the map with a bound, and nothing else', async () => {
  const { own, packages } = await loadedBy(
    'mesh.mjs',
    `const { createMesh } = await import('inmesh');
     const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://127.0.0.1:1'] } } });
     const answer = await mesh.call('orders', () => 'answered');
     if (answer !== 'answered') throw new Error(answer);
     await mesh.close();`,
  );
  assert.deepEqual(packages, ['lru-cache']);
  const bytes = await weigh(own);
  assert.ok(bytes <= WHOLE_MESH, `${own.length} files of ${bytes} bytes; ${WHOLE_MESH} is the most`);
  assert.equal(own.length, WHOLE_MESH_FILES, own.join('\n'));
});

test('a check of health does not make Node load a client of its own', async () => {
  const output = await well(
    consumer.run(
      'health.mjs',
      `const server = process.getBuiltinModule('node:http').createServer((_, response) => response.end()).listen(0);
       const { createMesh } = await import('inmesh');
       const mesh = await createMesh({
         service: 'checkout',
         registry: { fixed: { orders: [\`http://127.0.0.1:\${server.address().port}\`] } },
         policy: { defaults: { health: { check: 'http', interval: '100ms' } } },
       });
       const asked = new Promise((resolve) => server.once('request', (_, response) => response.once('close', resolve)));
       await mesh.call('orders', () => {});
       await asked;
       await mesh.close();
       server.close();
       console.log(process.moduleLoadList.filter((name) => name.includes('deps/undici')).length);`,
    ),
  );
  assert.equal(output.trim(), '0');
});

test('all that is shipped stays within its budget', async () => {
  const { code, output } = await tool('size-limit/bin.js', [], { cwd: root });
  assert.equal(code, 0, output);
});

test('the first code of the README runs with the package as it is installed', async () => {
  const first = snippetsOf('README.md', read('README.md')).find(({ runs }) => runs);
  const world = await openWorld();
  try {
    await consumer.write('readme.mts', first!.code);
    const output = await well(node(['readme.mts'], { cwd: consumer.folder, env: world.env }));
    assert.match(output, /42/);
  } finally {
    await world[Symbol.asyncDispose]();
  }
});

test('its version is that of the changelog', async () => {
  const { version } = JSON.parse(await readFile(join(consumer.inmesh, 'package.json'), 'utf8')) as { version: string };
  const changelog = await readFile(join(consumer.inmesh, 'CHANGELOG.md'), 'utf8');
  assert.ok(changelog.includes(`\n## [${version}]`), `CHANGELOG.md says nothing of ${version}`);
});
