import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { policyJsonSchema } from '../src/policy/json-schema.ts';
import { bundle } from './build/bundle.ts';
import { dropUnreachable } from './build/declarations.ts';
import { explainSettings } from './build/settings.ts';
import { isMain, root, tool } from './run.ts';

/** Makes `dist` anew: JavaScript and types from the sources, and the JSON Schema of the policy. */
export async function build(dist: string = join(root, 'dist')): Promise<{ code: number; output: string }> {
  await rm(dist, { recursive: true, force: true });
  const doors = await doorsOf();
  const types = ['-p', 'tsconfig.build.json', '--outDir', dist, '--emitDeclarationOnly', '--noCheck'];
  const { code, output } = await tool('typescript/bin/tsc', types);
  if (code !== 0) return { code, output };
  await dropUnreachable(dist, doors);
  await explainSettings(dist);
  await bundle(doors, dist);
  await writeFile(join(dist, 'policy.schema.json'), `${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  return { code: 0, output: '' };
}

/** The doors that package.json names, such as `express`, each a file of `src`. */
async function doorsOf(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.values(exports).flatMap((door) =>
    typeof door === 'string' ? [] : [door.default.replace(/^\.\/dist\/(.*)\.js$/, '$1')],
  );
}

if (isMain(import.meta)) {
  const { code, output } = await build();
  process.stdout.write(output);
  process.exitCode = code;
}
