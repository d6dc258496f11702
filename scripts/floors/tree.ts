import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type Module, readModule } from './module.ts';

/** A file of `src`, read. */
export interface Source {
  /** Its path under `src`, such as `core/stack.ts`. */
  readonly path: string;
  /** The folder of `src` that it lies in; empty for a file of `src` itself. */
  readonly folder: string;
  readonly lines: number;
  readonly module: Module;
  /** What it imports, told apart. */
  readonly links: readonly Link[];
}

/** An import, told apart: another file of `src`, a package, or what can not be read. */
export interface Link {
  readonly line: number;
  readonly reexport: boolean;
  /** The file under `src` that it means; undefined for packages. */
  readonly file: string | undefined;
  /** The package, without the path in it: `node:net`, `@scope/name`. Undefined for files. */
  readonly package: string | undefined;
  /** As written, for people. */
  readonly written: string;
}

/** Every source under `root/src`, in the order of their names. */
export function readTree(root: string): Source[] {
  return globSync('src/**/*.ts', { cwd: root })
    .sort()
    .map((file) => readSource(root, file.slice('src/'.length)));
}

function readSource(root: string, path: string): Source {
  const text = readFileSync(join(root, 'src', path), 'utf8');
  const module = readModule(text);
  return {
    path,
    folder: path.includes('/') ? path.slice(0, path.indexOf('/')) : '',
    lines: countLines(text),
    module,
    links: module.imports.map(({ specifier, line, reexport }) => ({
      line,
      reexport,
      file: specifier?.startsWith('.') ? posix.join(dirname(path), specifier) : undefined,
      package: specifier === undefined || specifier.startsWith('.') ? undefined : packageOf(specifier),
      written: specifier ?? 'something that only the running program knows',
    })),
  };
}

/** Lines of a text, the newline at its end not counted as one more. */
export const countLines = (text: string): number => text.trimEnd().split('\n').length;

const packageOf = (specifier: string): string =>
  specifier.startsWith('node:')
    ? specifier
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
