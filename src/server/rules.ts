import { BlockList } from 'node:net';
import { anyText, isText } from '../core/patterns.ts';
import type { Principal } from '../core/principal.ts';
import { parseCidr } from '../policy/cidr.ts';
import type { Policy } from '../policy/table.ts';
import { decodePattern, readings } from '../wire/path.ts';
import { field, type IncomingHeaders } from './fields.ts';

/** One rule, as the policy has it. */
export type Rule = Policy['authorize']['rules'][number];

/** What rules are asked about. */
export interface Asked {
  readonly principal: Principal;
  readonly method: string;
  /** The path and query, as they came. */
  readonly path: string;
  readonly headers: IncomingHeaders;
  /** Where the connection comes from; undefined where that is not known. */
  readonly address: string | undefined;
}

/** A rule made ready to be asked. */
export interface ReadyRule {
  readonly name: string;
  readonly action: Rule['action'];
  readonly observe: boolean;
  fits(asked: Asked): boolean;
}

type Test = (asked: Asked) => boolean;

/** Makes a rule ready; `at` is its place in the list, which names it where it has no name. */
export function readyRule(rule: Rule, at: number): ReadyRule {
  const tests = [...ofCaller(rule), ...ofRequest(rule)];
  const { name, action, observe } = rule;
  return { name: name || `rules[${at}]`, action, observe, fits: (asked) => tests.every((test) => test(asked)) };
}

/** Where an address is not known, a deny is for it and an allow is not. */
function ofCaller({ action, principals, notPrincipals, issuers, claims, addresses, notAddresses }: Rule): Test[] {
  const guards = action !== 'allow';
  const [from, notFrom] = [ranges(addresses), ranges(notAddresses)];
  return [
    ...some(principals, ({ principal }) => anyText(principals, principal.name)),
    ...some(notPrincipals, ({ principal }) => !anyText(notPrincipals, principal.name)),
    ...some(issuers, ({ principal }) => anyText(issuers, principal.issuer)),
    ...Object.entries(claims).map(
      ([name, wanted]): Test =>
        ({ principal }) =>
          hasClaim(principal.claims, name, wanted),
    ),
    ...some(addresses, ({ address }) => (address === undefined ? guards : from(address))),
    ...some(notAddresses, ({ address }) => (address === undefined ? guards : !notFrom(address))),
  ];
}

/**
 * A deny must not be talked round by spelling, and an allow must not be talked into: so what guards is read widely
 * (letters of any case, an ending slash more or less, HEAD for GET; any path that a server might make of it), what opens
 * is read narrowly (every path that a server might make of it), and a path that is unclear is guarded and not opened.
 */
function ofRequest({ action, methods, notMethods, paths, notPaths, headers }: Rule): Test[] {
  const guards = action !== 'allow';
  const [wanted, unwanted] = [pathTest(paths, guards), pathTest(notPaths, !guards)];
  const of = ({ path }: Asked, test: (paths: readonly string[]) => boolean): boolean => {
    const read = readings(path);
    return read === undefined ? guards : test(read);
  };
  const methodOf = (listed: readonly string[], wide: boolean, method: string): boolean =>
    listed.includes(method) || (wide && method === 'HEAD' && listed.includes('GET'));
  return [
    ...some(methods, ({ method }) => methodOf(methods, guards, method)),
    ...some(notMethods, ({ method }) => !methodOf(notMethods, !guards, method)),
    ...some(paths, (asked) => of(asked, wanted)),
    ...some(notPaths, (asked) => of(asked, (read) => !unwanted(read))),
    ...Object.entries(headers).map(
      ([name, value]): Test =>
        (asked) =>
          hasText(value, field(asked.headers, name.toLowerCase()), guards),
    ),
  ];
}

const some = (listed: readonly string[], test: Test): Test[] => (listed.length === 0 ? [] : [test]);

/** A header that came several times is one, with commas: what guards is for any of them. */
function hasText(pattern: string, value: string | undefined, wide: boolean): boolean {
  if (value === undefined || !wide) return isText(pattern, value ?? '');
  return pattern === '*' || isText(pattern, value) || value.split(',').some((one) => isText(pattern, one.trim()));
}

function hasClaim(claims: Readonly<Record<string, unknown>>, name: string, wanted: string): boolean {
  const said = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const texts = (Array.isArray(said) ? said : [said])
    .filter((one) => typeof one !== 'object' && one != null)
    .map(String);
  return texts.some((text) => isText(wanted, text));
}

function ranges(listed: readonly string[]): (address: string) => boolean {
  const block = new BlockList();
  for (const text of listed) {
    const { address, bits, family } = parseCidr(text)!; // the policy has seen to it
    block.addSubnet(address, bits, family);
  }
  return (address) => {
    const plain = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, ''); // as a socket of both families says it
    return block.check(plain, plain.includes(':') ? 'ipv6' : 'ipv4');
  };
}

function pathTest(listed: readonly string[], wide: boolean): (paths: readonly string[]) => boolean {
  const forms = listed.map((pattern) => new RegExp(`^${formOf(decodePattern(pattern), wide)}$`, wide ? 'isu' : 'su'));
  const fits = (path: string): boolean => forms.some((form) => form.test(path));
  return wide ? (paths) => paths.some((path) => fits(bare(path))) : (paths) => paths.every(fits);
}

/** As servers see it that are not exact: letters that look alike; dots and blanks at the end, which Windows leaves out. */
function bare(path: string): string {
  const segments = path.normalize('NFKC').split('/').map(withoutEnd);
  if (segments.length > 2 && segments.at(-1) === '') segments.pop();
  return segments.join('/');
}

function withoutEnd(segment: string): string {
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end--;
  return end === 0 ? segment : segment.slice(0, end); // nothing but dots is a way, and no name
}

/** The form of a path pattern: `{x}` is one segment, `{x*}` at the end the rest; `*` at either end is anything. */
function formOf(pattern: string, wide: boolean): string {
  const plain = wide ? pattern.normalize('NFKC') : pattern;
  const [, before = '', middle = '', after = ''] = /^(\*?)(.*?)(\*?|\{[^/{}]*\*\})$/s.exec(plain) ?? [];
  const exact = wide && after === '' && middle.length > 1 ? middle.replace(/\/$/, '') : middle;
  const written = exact
    .split(/(\{[^/{}]*\})/)
    .map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  // Who guards a folder guards its name, too: `/admin/*` speaks of `/admin`.
  const rest = wide && written.endsWith('/') && written.length > 1 ? `${written.slice(0, -1)}(?:/.*)?` : `${written}.*`;
  return (before && '.*') + (after === '' ? written : rest);
}
