import { anyText, isText } from '../core/patterns.ts';
import { field, type IncomingHeaders } from './fields.ts';

type Claims = Readonly<Record<string, unknown>>;
type Test = (asked: { readonly headers: IncomingHeaders }) => boolean;

/** HTTP/2 says the one, and may say both; servers go by either. */
const HOSTS: readonly string[] = ['host', ':authority'];

/** Whether headers have one as a pattern says; `wide` is how what guards is read. */
export function headerTest(name: string, pattern: string, wide: boolean): Test {
  if (!HOSTS.includes(name)) return ({ headers }) => hasText(pattern, field(headers, name), wide);
  return ({ headers }) => {
    const said = hostsOf(headers);
    if (wide) return said.some((one) => hasHost(pattern.toLowerCase(), one.toLowerCase()));
    return said.length > 0 && said.every((one) => isText(pattern, one));
  };
}

/**
 * Whether a header is none of those listed. Read narrowly, it must be there, and nothing that any server might read in it
 * may be listed; read widely, it may be missing, and one thing in it that is not listed will do.
 */
export function notHeaderTest(name: string, listed: readonly string[], wide: boolean): Test {
  const isHost = HOSTS.includes(name);
  const small = listed.map((one) => one.toLowerCase());
  const isListed = (said: string): boolean =>
    isHost ? small.some((one) => hasHost(one, said.toLowerCase())) : listed.some((one) => hasText(one, said, true));
  return ({ headers }) => {
    const said = (isHost ? hostsOf(headers) : [field(headers, name)]).filter((one) => one !== undefined);
    if (wide) return said.length === 0 || !said.every((one) => isWhollyListed(listed, one));
    return said.length > 0 && said.every((one) => partsOf(one).length > 0 && !isListed(one));
  };
}

const hostsOf = (headers: IncomingHeaders): string[] =>
  HOSTS.map((one) => field(headers, one)).filter((one) => one !== undefined);

/** Whether a host in small letters is as a pattern says, with or without its port; a dot at its end says nothing. */
function hasHost(pattern: string, host: string): boolean {
  const plain = host.replace(/\.(?=(?::\d*)?$)/, '');
  return hasText(pattern, host, true) || isText(pattern, plain) || isText(pattern, plain.replace(/:\d*$/, ''));
}

/** A header that came several times is one, with commas: what guards is for any of them. */
function hasText(pattern: string, value: string | undefined, wide: boolean): boolean {
  if (value === undefined || !wide) return isText(pattern, value ?? '');
  return pattern === '*' || isText(pattern, value) || value.split(',').some((one) => isText(pattern, one.trim()));
}

/** Whether a value is listed, and so is each of those that it may be made of. */
function isWhollyListed(listed: readonly string[], value: string): boolean {
  if (listed.includes(value)) return true;
  const parts = partsOf(value);
  return parts.length > 0 && [value, ...parts].every((one) => anyText(listed, one));
}

const partsOf = (value: string): string[] =>
  value
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');

/** Whether a claim says one thing. */
export function hasClaim(claims: Claims, name: string, wanted: string): boolean {
  return textsOf(name, claimOf(claims, name)).some((text) => isText(wanted, text));
}

/**
 * Whether a claim says nothing that is listed; one of a list that is listed is enough. Read narrowly, it must be there and
 * all of it be text, and a text may be a list, too, written as the issuer of the token likes.
 */
export function hasOtherClaim(claims: Claims, name: string, listed: readonly string[], wide: boolean): boolean {
  const said = claimOf(claims, name);
  const texts = textsOf(name, said);
  if (wide) return !texts.some((text) => anyText(listed, text));
  if (!texts.some((text) => text !== '') || [said].flat().some(isNoText)) return false;
  return !texts.some((text) => [text, ...wordsOf(text)].some((one) => anyText(listed, one)));
}

/** What a text may be a list of: of words, or of names that may have spaces in them; in JSON, too. */
const wordsOf = (text: string): string[] =>
  BETWEEN.flatMap((between) => text.split(between)).map((word) => word.trim());

const BETWEEN = [/[\s,]+/, /,/, /[\s,;|"[\]]+/, /[,;|"[\]]/];

const claimOf = (claims: Claims, name: string): unknown => (Object.hasOwn(claims, name) ? claims[name] : undefined);

function textsOf(name: string, said: unknown): string[] {
  const isScope = name === 'scope' && typeof said === 'string'; // a list of words (RFC 8693, 4.2)
  const all = Array.isArray(said) ? said : isScope ? [said, ...said.split(' ')] : [said];
  return all.filter((one) => !isNoText(one)).map(String);
}

const isNoText = (one: unknown): boolean => typeof one === 'object' || one == null;
