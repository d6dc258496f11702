import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { afterEach, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isMainThread, MessageChannel } from 'node:worker_threads';

const LINGER_MS = 500; // until the next test begins

// What Node 22 needs to run the tests; see matrix.ts. It strips types but does not know `using`: files that say it are
// taken as the compiler wrote them down for ES2024. Everything else, `src` above all, runs as it is written.

const home = new URL('..', import.meta.url).href;
const compiled = new URL('../.cache/es2024/', import.meta.url);

/** Where the compiler put a file of this package. */
const compiledOf = (url: string): URL => new URL(url.slice(home.length).replace(/\.ts$/, '.js'), compiled);

const isOurs = (url: string): boolean =>
  url.startsWith(home) && url.endsWith('.ts') && !url.slice(home.length).startsWith('node_modules/');

registerHooks({
  load(url, context, next) {
    if (!isOurs(url) || !/\busing \w+ =/.test(readFileSync(fileURLToPath(url), 'utf8'))) return next(url, context);
    return { format: 'module', source: readFileSync(compiledOf(url)), shortCircuit: true };
  },
  resolve(specifier, context, next) {
    // What the compiler wrote says `./x.js` where the file is `./x.ts`.
    const wanted = specifier.startsWith('.') && specifier.endsWith('.js') && isOurs(context.parentURL ?? '');
    const source = wanted ? new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL) : undefined;
    return next(source !== undefined && existsSync(source) ? source.href : specifier, context);
  },
});

// While it waits for a promise, the test runner of Node 22 does not keep its process alive as that of Node 24 does. A
// test of something that by design keeps no process alive, such as an idle session, would be called off.
const ofFile = process.env.NODE_TEST_CONTEXT !== undefined && process.argv[1]?.endsWith('.test.ts');
const ofMany = process.execArgv.some((arg) => arg.endsWith('test-isolation=none'));
if (isMainThread && (ofFile || ofMany)) {
  const { port1 } = new MessageChannel(); // no timer: tests count those
  port1.on('message', () => {});
  let [underWay, lingering]: [number, NodeJS.Timeout | undefined] = [0, undefined];
  beforeEach(() => {
    underWay++;
    clearTimeout(lingering);
    port1.ref();
  });
  afterEach(() => {
    underWay--;
    if (underWay === 0) lingering = setTimeout(() => port1.unref(), LINGER_MS); // was it the last, the file may end
  });
}
