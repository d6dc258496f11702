import { MeshError } from '../core/errors.ts';
import { parseDuration } from '../policy/duration.ts';
import type { PayloadForm } from '../wire/record.ts';
import { type AclName, acls } from './acl.ts';
import { checkPath } from './paths.ts';
import type { TlsFiles } from './tls.ts';

/** How a ZooKeeper registry is used. All of it can stand in the connect string too, `tls` as `tls=true&ca=…`. */
export interface ZookeeperOptions {
  /** How long the ensemble keeps our session, and so our instances, without hearing from us: `'10s'` unless told. */
  readonly sessionTimeout?: string;
  /**
   * How long joining may take before it fails with what each server answered: `'10s'` unless told. Where another holds our
   * place, it waits one and a half session timeouts for that to go.
   */
  readonly connectTimeout?: string;
  /** How long an instance that went without a word is kept: `'2s'` unless told. */
  readonly hold?: string;
  /** How long an instance that leaves says so before it goes, so that nobody calls it any more: `'1s'` unless told. */
  readonly spread?: string;
  /** Where the services are in the tree: `'/services'` unless told, as Curator, Spring and Dubbo have it. */
  readonly root?: string;
  /** Who is meant to read what we write: Spring Cloud unless told. */
  readonly payload?: PayloadForm;
  /** Who may touch what we write: anybody unless told. */
  readonly acl?: AclName;
  /** A file that keeps what is known of the services, so that a process can start while ZooKeeper is away. */
  readonly snapshot?: string;
  /** Speaks TLS; with the authorities that Node knows when it is `true`. */
  readonly tls?: boolean | TlsFiles;
}

/** The same, read and checked. */
export interface Settings {
  readonly sessionTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly holdMs: number;
  readonly spreadMs: number;
  readonly root: string;
  readonly payload: PayloadForm;
  readonly acl: AclName;
  readonly snapshot: string | undefined;
  readonly tls: TlsFiles | undefined;
}

const KEYS = [
  'sessionTimeout',
  'connectTimeout',
  'hold',
  'spread',
  'root',
  'payload',
  'acl',
  'snapshot',
  'tls',
] as const;
const TLS_KEYS = ['ca', 'cert', 'key'] as const;
const FORMS: readonly PayloadForm[] = ['spring', 'dubbo', 'plain'];

/**
 * Reads what the connect string and the options say; the options have the last word.
 * @throws MeshError INVALID_ARGUMENT for the first thing that is wrong, with what there could be.
 */
export function readSettings(query: Readonly<Record<string, string>>, options: ZookeeperOptions): Settings {
  onlyKnown(Object.keys(query), [...KEYS, ...TLS_KEYS]);
  onlyKnown(Object.keys(options), KEYS);
  const given = { ...query, ...options } as Readonly<Record<string, unknown>>;
  const root = given.root ?? '/services';
  if (typeof root !== 'string') throw bad('root', 'a path', root);
  checkPath(root, 'root of the registry');
  return {
    sessionTimeoutMs: duration('sessionTimeout', given.sessionTimeout ?? '10s', 100, 3_600_000),
    connectTimeoutMs: duration('connectTimeout', given.connectTimeout ?? '10s', 1, 3_600_000),
    holdMs: duration('hold', given.hold ?? '2s', 0, 3_600_000),
    spreadMs: duration('spread', given.spread ?? '1s', 0, 60_000),
    root,
    payload: oneOf('payload', given.payload ?? 'spring', FORMS),
    acl: oneOf('acl', given.acl ?? 'open', Object.keys(acls) as AclName[]),
    snapshot: pathOf('snapshot', given.snapshot),
    tls: tlsOf(given.tls, query),
  };
}

function onlyKnown(given: readonly string[], known: readonly string[]): void {
  const strange = given.find((key) => !known.includes(key));
  if (strange === undefined) return;
  const shown = strange.slice(0, 40).replace(/[^\x20-\x7e]/g, '?');
  throw new MeshError('request', `registry: no such option '${shown}'; there are ${known.join(', ')}`);
}

function duration(key: string, value: unknown, least: number, most: number): number {
  const ms = typeof value === 'string' ? parseDuration(value) : undefined;
  if (ms === undefined || ms < least || ms > most) throw bad(key, `a duration such as '10s', at most an hour`, value);
  return ms;
}

function oneOf<T extends string>(key: string, value: unknown, all: readonly T[]): T {
  const found = all.find((one) => one === value);
  if (found === undefined) throw bad(key, `one of ${all.join(', ')}`, value);
  return found;
}

function pathOf(key: string, path: unknown): string | undefined {
  if (path !== undefined && (typeof path !== 'string' || path === '')) throw bad(key, 'the path of a file', path);
  return path as string | undefined;
}

function tlsOf(tls: unknown, query: Readonly<Record<string, string>>): TlsFiles | undefined {
  const files = Object.fromEntries(TLS_KEYS.filter((key) => Object.hasOwn(query, key)).map((key) => [key, query[key]]));
  const on = tls === true || tls === 'true' || (typeof tls === 'object' && tls !== null);
  if (!on && tls !== undefined && tls !== false && tls !== 'false') throw bad('tls', 'true, false or files', tls);
  if (!on && Object.keys(files).length > 0) throw bad('tls', "true where there are files ('tls=true&ca=…')", tls);
  if (!on) return undefined;
  const own = typeof tls === 'object' && tls !== null ? tls : {};
  onlyKnown(Object.keys(own), TLS_KEYS);
  const all = { ...files, ...own } as Record<string, unknown>;
  for (const [key, path] of Object.entries(all)) pathOf(`tls.${key}`, path);
  if ((all.cert === undefined) !== (all.key === undefined))
    throw bad('tls', 'cert and key together, or neither', 'one');
  return all as TlsFiles;
}

function bad(key: string, must: string, value: unknown): MeshError {
  const shown = typeof value === 'string' ? `'${value.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')}'` : typeof value;
  return new MeshError('request', `registry: ${key} must be ${must}, got ${shown}`);
}
