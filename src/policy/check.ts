import type { Section } from './fields.ts';
import { entriesOf, noSuch, PolicyProblem, readField, show } from './read.ts';
import { MISWRITTEN } from './route.ts';
import { type PolicyDocument, table } from './table.ts';

const SECTIONS: Readonly<Record<string, Section>> = table;
const ROUTES = 'routes';

/**
 * Checks a policy document, whole. It may come from anywhere: code, a file, another machine.
 * @throws PolicyProblem at the first thing that is not as it must be.
 */
export function checkPolicy(document: unknown): asserts document is PolicyDocument {
  for (const [key, part] of entriesOf(document, '')) {
    if (key === '$schema') {
      // It is for the editor, and ours only so far as that it must not be mistaken for anything else.
      if (typeof part !== 'string') throw new PolicyProblem(`$schema must be text, got ${show(part)}`);
      continue;
    }
    if (key === 'defaults') checkSections(part, 'defaults', false);
    else if (key === 'services') {
      for (const [service, sections] of entriesOf(part, 'services'))
        checkSections(sections, `services.${service}`, true);
    } else throw noSuch('', key, ['defaults', 'services']);
  }
}

function checkSections(sections: unknown, path: string, mayHaveRoutes: boolean): void {
  for (const [key, part] of entriesOf(sections, path)) {
    if (key === ROUTES && mayHaveRoutes) {
      for (const [route, inner] of entriesOf(part, `${path}.routes`)) {
        const own = `${path}.routes['${route}']`;
        const miswritten = MISWRITTEN.find(([form]) => form.test(route));
        if (miswritten !== undefined) throw new PolicyProblem(`${own}: ${miswritten[1]}`);
        checkSections(inner, own, false);
      }
      continue;
    }
    const section = own(SECTIONS, key);
    if (section === undefined) throw noSuch(path, key, [...Object.keys(SECTIONS), ...(mayHaveRoutes ? [ROUTES] : [])]);
    for (const [name, value] of entriesOf(part, `${path}.${key}`)) {
      const field = own(section.fields, name) ?? own(section.formerly ?? {}, name)?.field;
      if (field === undefined) throw noSuch(`${path}.${key}`, name, Object.keys(section.fields));
      if (value !== undefined) readField(field, value, `${path}.${key}.${name}`);
    }
  }
}

const own = <T>(of: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(of, key) ? of[key] : undefined;
