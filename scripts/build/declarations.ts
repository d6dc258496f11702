import { globSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const RELATIVE = /(?:\bfrom|\bimport|\bimport\()\s*['"](\.{1,2}\/[^'"]+)\.ts['"]/g;

/** Removes the declarations that no door leads to: the compiler writes one for each source, and half are for nobody. */
export async function dropUnreachable(dist: string, doors: readonly string[]): Promise<void> {
  const reached = new Set(doors.map((door) => join(dist, `${door}.d.ts`)));
  for (const file of reached) {
    const text = await readFile(file, 'utf8');
    for (const [, path] of text.matchAll(RELATIVE)) reached.add(join(dirname(file), `${path}.d.ts`));
  }
  const all = globSync('**/*.d.ts', { cwd: dist }).map((file) => join(dist, file));
  await Promise.all(all.filter((file) => !reached.has(file)).map((file) => rm(file)));
}
