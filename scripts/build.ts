import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { policyJsonSchema } from '../src/policy/json-schema.ts';
import { isMain, root, tool } from './run.ts';

/** Makes `dist` anew: JavaScript and types from the sources, and the JSON Schema of the policy. */
export async function build(dist: string = join(root, 'dist')): Promise<{ code: number; output: string }> {
  await rm(dist, { recursive: true, force: true });
  const { code, output } = await tool('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', dist]);
  if (code === 0) await writeFile(join(dist, 'policy.schema.json'), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  return { code, output };
}

if (isMain(import.meta)) {
  const { code, output } = await build();
  process.stdout.write(output);
  process.exitCode = code;
}
