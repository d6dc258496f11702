import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type OutputOptions, rolldown } from 'rolldown';
import { node } from '../../scripts/run.ts';
import { type Installed, install, manifests, well } from './installed.ts';

let consumer: Installed;
before(async () => {
  consumer = await install();
});
after(() => consumer?.[Symbol.asyncDispose]());

/** All code that is shipped, by file. */
const code = (): Map<string, string> => {
  const files = globSync('dist/**/*.js', { cwd: consumer.inmesh });
  return new Map(files.map((file) => [file, readFileSync(join(consumer.inmesh, file), 'utf8')]));
};

/** The sources that lie in a file, as the comment above each says. */
const sourcesIn = (text: string): string[] =>
  [...text.matchAll(/^\/\/ ((?:src|node_modules)\/\S+)$/gm)].map(([, path]) => path!);

test('every source stands in one file, so that what there is once in the code is there once in a process', () => {
  const places = new Map<string, string[]>();
  for (const [file, text] of code()) {
    for (const source of sourcesIn(text)) places.set(source, [...(places.get(source) ?? []), file]);
  }
  assert.ok(places.size > 200, `only ${places.size} sources were found`);
  assert.deepEqual(
    [...places].filter(([, files]) => files.length > 1),
    [],
  );
});

test('an error is a MeshError by whichever door it comes', async () => {
  const output = await well(
    consumer.run(
      'same.mjs',
      `import { createMesh, MeshError } from 'inmesh';
       import { batch } from 'inmesh/batch';
       import { startTelemetry } from 'inmesh/otel';
       import { aContext, FakeRegistry, simulate, testEnv } from 'inmesh/testing';
       const { env } = testEnv();
       const registry = new FakeRegistry(env);
       const mesh = await createMesh({ service: 'checkout', registry });
       await mesh.close();
       const tries = {
         index: () => createMesh({}),
         mesh: () => mesh.call('orders', () => 1),
         batch: () => batch(mesh, 'orders', { window: '1h' }, () => []),
         otel: () => startTelemetry({}),
         testing: () => simulate({ servers: 'many' }),
       };
       for (const [door, attempt] of Object.entries(tries)) {
         const error = await (async () => attempt())().catch((error) => error);
         console.log(door, error instanceof MeshError, error?.constructor === MeshError);
       }
       console.log('context', aContext().service);`,
    ),
  );
  assert.deepEqual(output.trim().split('\n'), [
    ...['index', 'mesh', 'batch', 'otel', 'testing'].map((door) => `${door} true true`),
    'context orders',
  ]);
});

test('a worker has a mesh of its own, and so has each thread', async () => {
  const output = await well(
    consumer.run(
      'threads.mjs',
      `import { once } from 'node:events';
       import { isMainThread, parentPort, Worker } from 'node:worker_threads';
       import { createMesh } from 'inmesh';
       const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://127.0.0.1:1'] } } });
       const answer = await mesh.call('orders', () => (isMainThread ? 'main' : 'worker'));
       await mesh.close();
       if (isMainThread) {
         const [theirs] = await once(new Worker(new URL(import.meta.url)), 'message');
         console.log(answer, theirs);
       } else parentPort.postMessage(answer);`,
    ),
  );
  assert.equal(output.trim(), 'main worker');
});

test('functions and classes go by the names that they have in the sources', () => {
  for (const [file, text] of code()) {
    assert.doesNotMatch(text, /\bclass _\w/, `${file}: a class has a name of the bundler's`);
    // Where two sources have one name the bundler numbers it; then it has to be told to be the old one.
    const numbered = text.matchAll(
      /^(?:async )?(?:function\*? (\w+\$\d+)|(?:const|let|var) (\w+\$\d+) = (?:class|async|\(|function|\w+ =>))/gm,
    );
    for (const [line, named, assigned] of numbered) {
      const name = named ?? assigned!;
      const [old] = name.split('$');
      const kept = new RegExp(
        `__name\\(${name.replace('$', '\\$')}, "${old}"\\)|${name.replace('$', '\\$')} = __name\\(`,
      );
      const own = new RegExp(`static \\{\\s*__name\\(this, "${old}"\\)`);
      assert.ok(kept.test(text) || own.test(text), `${file}: ${line}`);
    }
  }
});

test('the trace of an error that a client throws tells its way in words', async () => {
  const output = await well(
    consumer.run(
      'trace.mjs',
      `import { createMesh, endpoint } from 'inmesh';
       Error.stackTraceLimit = 100;
       try { endpoint('nonsense'); } catch (error) { console.log(error.stack); }
       const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://127.0.0.1:1'] } } });
       const mine = () => { throw new Error('down'); };
       await mesh.call('orders', mine).catch((error) => console.log(error.stack));
       await mesh.close();`,
    ),
  );
  assert.match(output, /at endpoint \(\S+\/inmesh\/dist\/core\.js:\d+:\d+\)/);
  assert.match(output, /at \S*\.?mine /);
  assert.match(output, /at Mesh\.call \(\S+\/inmesh\/dist\/mesh\.js:\d+:\d+\)/);
  assert.doesNotMatch(output, /at (?:new )?(?:\S+\.)?(?:_[A-Za-z]|\w*\$\d)/);
});

test("a user's bundler takes what is asked for and leaves the rest", async () => {
  const { files } = await bundled(`import { MeshError } from 'inmesh'; console.log(MeshError.is(new Error()));`);
  const [main] = files;
  assert.deepEqual(main?.sources, ['dist/core.js']);
  assert.doesNotMatch(main.code, /^import |createMesh|class Stack/m);
});

test('a program that a bundler made calls', async () => {
  const { folder } = await bundled(
    `import { createMesh } from 'inmesh';
     const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://127.0.0.1:1'] } } });
     console.log(await mesh.call('orders', ({ url }) => url));
     await mesh.request('http://orders/').catch(({ reason }) => console.log(reason));
     await mesh.close();`,
    'app',
  );
  const output = await well(consumer.run('bundled.mjs', `await import('./${folder}/main.js');`));
  assert.equal(output.trim(), 'http://127.0.0.1:1\nconnect');
});

test('a program that a bundler made one file of starts without the packages that few need', async () => {
  const { folder, files } = await bundled(
    `import { createMesh } from 'inmesh';
     const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: ['http://127.0.0.1:1'] } } });
     console.log(await mesh.call('orders', ({ url }) => url));
     await mesh.close();`,
    'one-file',
    { codeSplitting: false },
  );
  assert.equal(files.length, 1);
  const output = await well(consumer.run('one-file-bundled.mjs', `await import('./${folder}/main.js');`));
  assert.equal(output.trim(), 'http://127.0.0.1:1');
});

for (const format of ['esm', 'cjs'] as const) {
  test(`a program that a bundler made one file of sends where no packages are, as ${format}`, async (t) => {
    const name = `sends-${format}`;
    const { folder } = await bundled(
      `import { createServer } from 'node:http';
       import { createMesh } from 'inmesh';
       const main = async () => {
         const server = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1');
         await new Promise((resolve) => server.once('listening', resolve));
         const registry = { fixed: { orders: ['http://127.0.0.1:' + server.address().port] } };
         const mesh = await createMesh({ service: 'checkout', registry });
         console.log(await (await mesh.request('http://orders/one')).body.text());
         console.log(await (await mesh.fetch('http://orders/two')).text());
         await mesh.close();
         server.close();
       };
       main();`,
      name,
      { codeSplitting: false, format },
    );
    const alone = await mkdtemp(join(tmpdir(), 'inmesh-alone-'));
    t.after(() => rm(alone, { recursive: true, force: true }));
    const file = join(alone, format === 'esm' ? 'main.mjs' : 'main.cjs');
    await cp(join(consumer.folder, folder, 'main.js'), file);
    assert.equal(await well(node([file])), '/one\n/two\n');
  });
}

test('what esbuild has to be given in front of ES modules is no name that stands there already', () => {
  const names = [...code()].filter(([, text]) => /^import [^;]*\bcreateRequire\b/m.test(text)).map(([file]) => file);
  assert.deepEqual(names, []);
});

/** A program of the consumer, bundled. */
async function bundled(
  source: string,
  folder = 'alone',
  how: OutputOptions = {},
): Promise<{ folder: string; files: { code: string; sources: string[] }[] }> {
  await consumer.write(`${folder}.mjs`, source);
  const bundler = await rolldown({
    cwd: consumer.folder,
    input: { main: `./${folder}.mjs` },
    platform: 'node',
    external: ['jose', 'rate-limiter-flexible'], // peers that this user has not got
  });
  const { output } = await bundler.write({ dir: join(consumer.folder, folder), ...how });
  await bundler.close();
  const chunks = output.filter((file) => file.type === 'chunk');
  const ours = (id: string): string[] => id.split(`${consumer.inmesh}/`).slice(1);
  const files = chunks.map((file) => ({
    code: file.code,
    sources: Object.entries(file.modules).flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? ours(id) : [])),
  }));
  return { folder, files };
}

test('its types speak of no package that a user has not got', () => {
  const { dependencies = {}, peerDependencies = {} } = manifests(consumer.folder).find(
    ({ name }) => name === 'inmesh',
  )!;
  const theirs = new Set([...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  const files = globSync('dist/**/*.d.ts', { cwd: consumer.inmesh });
  assert.ok(files.length > 50, `only ${files.length} files`);
  for (const file of files) {
    const text = readFileSync(join(consumer.inmesh, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''); // not what it says of them
    for (const [, name] of text.matchAll(/(?:\bfrom|\bimport\()\s*['"]((?:@[\w-]+\/)?[\w-]+)[^'"]*['"]/g)) {
      assert.ok(name === 'node' || theirs.has(name!), `${file} speaks of ${name}`);
    }
  }
});

test('the licences of what is compiled in are shipped with it', () => {
  const inside = [...code().values()].flatMap(sourcesIn).filter((source) => source.startsWith('node_modules/'));
  const packages = new Set(inside.map((source) => source.split('/')[1]!));
  assert.deepEqual([...packages], ['valibot']);
  const text = readFileSync(join(consumer.inmesh, 'dist/LICENSES-OF-OTHERS.txt'), 'utf8');
  assert.match(text, /^Parts of valibot \d+\.\d+\.\d+ /m);
  assert.match(text, /MIT License\n\nCopyright \(c\) /);
});
