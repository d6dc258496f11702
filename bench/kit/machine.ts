import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';

/** What the figures depend on, for whoever compares them with others. */
export function machine(): Readonly<Record<string, string>> {
  return {
    processor: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} at hand`,
    load: loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
    system: `${process.platform} ${process.arch}`,
    node: `${process.versions.node} (V8 ${process.versions.v8}, undici ${process.versions.undici ?? 'none'})`,
    packages: PACKAGES.map((name) => `${name} ${versionOf(name)}`).join(', '),
  };
}

const PACKAGES = ['undici', 'opossum', 'cockatiel', 'p-limit', 'p-retry', 'axios', 'axios-retry'];

/** Read from disk: not every package lets its own description be imported. */
const versionOf = (name: string): string =>
  JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;
