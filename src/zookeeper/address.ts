import { MeshError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { checkPath } from './paths.ts';

/** One server of an ensemble. */
export interface ServerAddress {
  /** A host name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a connect string says. */
export interface ZookeeperAddress {
  readonly servers: readonly ServerAddress[];
  /** Where in the tree we live: `/mesh`, or empty for the root. */
  readonly chroot: string;
  /** `user:password` for digest authentication; undefined when there is none. A secret. */
  readonly digest: string | undefined;
  /** What stands after the question mark; the caller knows which words there are. */
  readonly query: Readonly<Record<string, string>>;
  /** The connect string as people may see it: no secret in it. */
  readonly name: string;
}

const DEFAULT_PORT = 2181;
const SERVERS = 64; // no ensemble is larger; a connect string that is has gone wrong
const HOST = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9.])?$/;
const PATH_OPTION = /^(?:snapshot|root|ca|cert|key)=/; // these may hold an '@'
const IPV6 = /^[0-9a-fA-F:.]{2,45}(?:%[A-Za-z0-9._-]{1,32})?$/;

/**
 * Reads `zookeeper://user:password@h1:2181,[::1]:2182/chroot?sessionTimeout=10s`. The scheme and spaces after commas
 * may be there or not; the port is 2181 unless told.
 * @throws MeshError INVALID_ARGUMENT when it is not one. The message never shows the password.
 */
export function parseAddress(text: string): ZookeeperAddress {
  const rest = text.trim().replace(/^(?:zookeeper|zk):\/\//i, '');
  const [beforeQuery, queryText = ''] = cut(rest, '?');
  if (queryText.split('&').some((part) => part.includes('@') && !PATH_OPTION.test(part))) {
    throw bad("a '?' in a password is written %3F"); // and what follows it is no option, nor what is before it a server
  }
  const at = beforeQuery.lastIndexOf('@'); // passwords may hold '@', hosts may not
  const digest = at < 0 ? undefined : readDigest(beforeQuery.slice(0, at));
  const [hosts, path] = cut(beforeQuery.slice(at + 1), '/');
  const servers = hosts
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map(readServer);
  if (servers.length === 0) throw bad('it names no server');
  if (servers.length > SERVERS) throw bad(`it names ${servers.length} servers; ${SERVERS} at most`);
  const chroot = readChroot(path ?? '');
  return { servers, chroot, digest, query: readQuery(queryText), name: nameOf(servers, chroot) };
}

/** `host:port`, with the brackets that IPv6 needs. */
export const addressOf = ({ host, port }: ServerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** In an order of its own for each client, so that they spread over the servers. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const all = [...list];
  for (let at = all.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

const nameOf = (servers: readonly ServerAddress[], chroot: string): string =>
  `zookeeper://${servers.map(addressOf).join(',')}${chroot}`;

const bad = (problem: string): MeshError =>
  new MeshError(
    'request',
    `registry: not a ZooKeeper address such as 'zookeeper://10.0.0.1:2181,10.0.0.2:2181/mesh': ${problem}`,
  );

/** The parts before and after the first `mark`; the second is undefined when there is none. */
function cut(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function readServer(text: string): ServerAddress {
  const form = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/.exec(text);
  if (form === null) throw bad(`'${shown(text)}' is not host:port; an IPv6 address stands in brackets`);
  const [, ipv6, plain, portText] = form;
  const host = ipv6 ?? plain ?? '';
  if (ipv6 === undefined ? !HOST.test(host) : !IPV6.test(host) || !host.includes(':')) {
    throw bad(`'${shown(host)}' is not a host name or an IP address`);
  }
  const port = portText === undefined ? DEFAULT_PORT : /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) throw bad(`the port of '${shown(text)}' is not from 1 to 65535`);
  return { host, port };
}

function readDigest(text: string): string {
  const [user, password] = cut(text, ':');
  try {
    const digest = `${decodeURIComponent(user)}:${decodeURIComponent(password ?? '')}`;
    if (user !== '' && password) return digest;
  } catch {
    // said below, without what was written
  }
  throw bad("what stands before '@' must be user:password, with odd characters written as %XX");
}

function readChroot(path: string): string {
  let text = path;
  try {
    text = decodeURIComponent(path).replace(/\/+$/, '');
  } catch {
    throw bad('its path has a broken %XX');
  }
  if (text === '') return '';
  checkPath(`/${text}`, 'the chroot of the registry');
  return `/${text}`;
}

function readQuery(text: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(query, key)) throw bad(`'${shown(key)}' is said twice`);
    Object.defineProperty(query, key, { value, enumerable: true });
  }
  return query;
}

const shown = (text: string): string => text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
