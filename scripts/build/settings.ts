import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Field, Section } from '../../src/policy/fields.ts';
import { table } from '../../src/policy/table.ts';

const SECTIONS: Readonly<Record<string, Section>> = table;
const SECTION = /^ {4}readonly (\w+): \{$/;
const FIELD = /^ {12}(\w+): /;

/**
 * Writes into the types of the policy what each setting means. The table says it as values, which the compiler leaves out of
 * types, so that an editor showed a name and `string` to who writes a policy.
 */
export async function explainSettings(dist: string): Promise<void> {
  const file = join(dist, 'policy/table.d.ts');
  await writeFile(file, explained(await readFile(file, 'utf8')));
}

/** Those types, with a comment in front of every section and setting. */
function explained(types: string): string {
  let section: Section | undefined;
  return types
    .split('\n')
    .flatMap((line) => {
      const [, name] = SECTION.exec(line) ?? [];
      if (name !== undefined) {
        section = SECTIONS[name];
        return section === undefined ? [line] : [`    /** ${comment(section.about)} */`, line];
      }
      const field = section?.fields[FIELD.exec(line)?.[1] ?? ''];
      return field === undefined ? [line] : [`            /** ${comment(meaning(field))} */`, line];
    })
    .join('\n');
}

const meaning = ({ about, must, default: value }: Field): string =>
  `${about} Must be ${must}; ${typeof value === 'string' ? `'${value}'` : JSON.stringify(value)} unless told.`;

const comment = (text: string): string => text.replaceAll('*/', '*\\/');
