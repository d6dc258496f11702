import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { policyJsonSchema } from '../src/policy/json-schema.ts';
import { isMain, root, tool } from './run.ts';

/** What is written: code without comments, which nobody reads there, and types with them, which editors show. */
const WRITE = [
  ['--declaration', 'false', '--removeComments', 'true'],
  ['--emitDeclarationOnly', '--noCheck'],
];

/** Makes `dist` anew: JavaScript and types from the sources, and the JSON Schema of the policy. */
export async function build(dist: string = join(root, 'dist')): Promise<{ code: number; output: string }> {
  await rm(dist, { recursive: true, force: true });
  for (const how of WRITE) {
    const project = ['-p', 'tsconfig.build.json', '--outDir', dist, ...how];
    const { code, output } = await tool('typescript/bin/tsc', project);
    if (code !== 0) return { code, output };
  }
  await writeFile(join(dist, 'policy.schema.json'), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  return { code: 0, output: '' };
}

if (isMain(import.meta)) {
  const { code, output } = await build();
  process.stdout.write(output);
  process.exitCode = code;
}
