import { BlockList } from 'node:net';
import { anyText } from '../core/patterns.ts';
import type { Principal } from '../core/principal.ts';
import { parseCidr } from '../policy/cidr.ts';
import type { Policy } from '../policy/table.ts';
import type { IncomingHeaders } from './fields.ts';
import { type Paths, pathTest } from './paths.ts';
import { hasClaim, hasOtherClaim, headerTest, notHeaderTest } from './said.ts';

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
  /** `paths` are those that the path of the request may mean. */
  fits(asked: Asked, paths: Paths): boolean;
}

type Test = ReadyRule['fits'];

/** Makes a rule ready; `at` is its place in the list, which names it where it has no name. */
export function readyRule(rule: Rule, at: number): ReadyRule {
  const { principals, issuers, methods, paths, addresses } = rule;
  const isForNone = [principals, issuers, methods, paths, addresses].some((listed) => listed?.length === 0);
  const tests = isForNone ? [NEVER] : [...ofCaller(rule), ...ofRequest(rule)];
  const { name, action, observe } = rule;
  const fits: Test = (asked, paths) => {
    for (const test of tests) if (!test(asked, paths)) return false;
    return true;
  };
  return { name: name || `rules[${at}]`, action, observe, fits };
}

const NEVER: Test = () => false;

/** Where an address is not known, or a claim that must be another is not there, a deny is for it and an allow is not. */
function ofCaller(rule: Rule): Test[] {
  const { action, principals = [], notPrincipals, issuers = [], addresses = [], notAddresses } = rule;
  const guards = action !== 'allow';
  const [from, notFrom] = [ranges(addresses), ranges(notAddresses)];
  return [
    ...some(principals, ({ principal }) => anyText(principals, principal.name)),
    ...some(notPrincipals, ({ principal }) => !anyText(notPrincipals, principal.name)),
    ...some(issuers, ({ principal }) => anyText(issuers, principal.issuer)),
    ...Object.entries(rule.claims).map(
      ([name, wanted]): Test =>
        ({ principal }) =>
          hasClaim(principal.claims, name, wanted),
    ),
    ...Object.entries(rule.notClaims).map(
      ([name, listed]): Test =>
        ({ principal }) =>
          hasOtherClaim(principal.claims, name, listed, guards),
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
function ofRequest({ action, methods = [], notMethods, paths = [], notPaths, headers, notHeaders }: Rule): Test[] {
  const guards = action !== 'allow';
  const [wanted, unwanted] = [pathTest(paths, guards), pathTest(notPaths, !guards)];
  return [
    ...some(methods, ({ method }) => isMethod(method, methods, guards)),
    ...some(notMethods, ({ method }) => !isMethod(method, notMethods, !guards)),
    ...some(paths, (_, read) => wanted(read)),
    ...some(notPaths, (_, read) => !unwanted(read)),
    ...Object.entries(headers).map(([name, value]) => headerTest(name.toLowerCase(), value, guards)),
    ...Object.entries(notHeaders).map(([name, of]) => notHeaderTest(name.toLowerCase(), of, guards)),
  ];
}

const some = (listed: readonly string[], test: Test): Test[] => (listed.length === 0 ? [] : [test]);

/** HTTP/1 knows methods by their case; of HTTP/2 any may come, and some servers look no closer. */
function isMethod(method: string, listed: readonly string[], wide: boolean): boolean {
  if (listed.includes(method)) return true;
  const large = wide ? method.toUpperCase() : method;
  return wide && (listed.includes(large) || (large === 'HEAD' && listed.includes('GET')));
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
