import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

// Lets code outside of this package's tests say `import … from 'inmesh'` and get the sources: what a reader copies is
// what runs here. Used as `node --import ./test/docs/self.ts`.

const home = new URL('../../', import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL('package.json', home), 'utf8')) as {
  exports: Record<string, string | { default: string }>;
};

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== 'inmesh' && !specifier.startsWith('inmesh/')) return next(specifier, context);
    const door = exports[`.${specifier.slice('inmesh'.length)}`];
    if (door === undefined || typeof door === 'string') return next(specifier, context);
    const source = door.default.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts');
    return { url: new URL(source, home).href, shortCircuit: true };
  },
});
