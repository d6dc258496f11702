import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

// A hook for Node 22, which can strip types but does not know `using`: files that say it are taken as the compiler
// wrote them down for ES2024 (see `compile` in matrix.ts). Everything else, `src` above all, runs as it is written.

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
