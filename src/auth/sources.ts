import { Buffer } from 'node:buffer';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Env } from '../core/env.ts';
import { KeySet, type LoadKeys } from './key-set.ts';
import { readKeys } from './keys.ts';
import type { ProofNews } from './proof-news.ts';

const FRESH_MS = 600_000; // of keys behind a URL
const FILE_FRESH_MS = 1_000;
const LARGEST = 256 * 1_024; // bytes
const LONGEST_MS = 5_000;
const HERE = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where keys are: an https URL, a file, or the set itself. @throws TypeError when it is none of these. */
export function keySet(env: Env, keys: unknown, news?: ProofNews): KeySet {
  if (typeof keys === 'object' && keys !== null && !(keys instanceof URL)) {
    readKeys(keys);
    const text = JSON.stringify(keys);
    return new KeySet(env, () => Promise.resolve(text), { freshMs: FRESH_MS });
  }
  const where = String(keys);
  const url = /^[a-z]+:\/\//i.test(where) ? URL.parse(where) : undefined;
  if (url === null) throw new TypeError('it is no URL that can be read');
  if (url === undefined) return new KeySet(env, fromFile(where), { freshMs: FILE_FRESH_MS, place: where, news });
  if (url.protocol === 'file:')
    return new KeySet(env, fromFile(fileURLToPath(url)), { freshMs: FILE_FRESH_MS, place: url.pathname, news });
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && HERE.has(url.hostname));
  if (!safe) throw new TypeError('it must be an https URL, a file, or a key set');
  if (url.username !== '' || url.password !== '')
    throw new TypeError('a URL with a user or a password can not be asked');
  const place = url.origin + url.pathname; // a query may be a secret
  return new KeySet(env, fromUrl(env, url.href), { freshMs: FRESH_MS, place, news });
}

const fromFile =
  (path: string): LoadKeys =>
  async () => {
    const { size } = await stat(path);
    if (size > LARGEST) throw new TypeError('it is too large');
    return readFile(path, 'utf8');
  };

const fromUrl =
  ({ clock }: Env, url: string): LoadKeys =>
  async () => {
    const giveUp = new AbortController();
    const timer = clock.schedule(LONGEST_MS, () => giveUp.abort());
    try {
      const init = {
        headers: { accept: 'application/jwk-set+json, application/json' },
        redirect: 'error',
        signal: giveUp.signal,
      } as const;
      const answer = await fetch(url, init);
      if (answer.status !== 200) throw new TypeError(`it was answered with ${answer.status}`);
      return await bounded(answer);
    } finally {
      timer.cancel();
      giveUp.abort(); // what is left of it
    }
  };

async function bounded({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > LARGEST) throw new TypeError('it is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
