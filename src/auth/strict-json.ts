import { believe, Doubt } from './doubt.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;

/** An object of JSON, no member of which stands there twice: two readers might take each another (RFC 8725, 2.3). @throws Doubt */
export function parseStrict(bytes: Uint8Array): Record<string, unknown> {
  const text = decoded(bytes);
  const value = parsed(text);
  believe(typeof value === 'object' && value !== null && !Array.isArray(value), 'a part of it is no JSON object');
  noneTwice(text);
  return value as Record<string, unknown>;
}

function decoded(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Doubt('a part of it is no UTF-8');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Doubt('a part of it is no JSON');
  }
}

/** Walks over text that is known to be JSON, and looks at the names of members only. */
function noneTwice(text: string): void {
  const open: (Set<string> | undefined)[] = []; // the names so far of each object we are in; nothing for a list
  let named = false; // whether the next text is a value
  for (const [token] of text.matchAll(TOKENS)) {
    if (token === '{' || token === '[') open.push(token === '{' ? new Set() : undefined);
    else if (token === '}' || token === ']') open.pop();
    if (token[0] !== '"') {
      named = false;
      continue;
    }
    const names = open.at(-1);
    if (names === undefined || named) continue;
    const name = JSON.parse(token) as string;
    believe(!names.has(name) && name !== '__proto__', 'a member stands in it twice');
    names.add(name);
    named = true;
  }
}
