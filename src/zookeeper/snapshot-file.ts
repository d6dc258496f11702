import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { type Endpoint, endpoint } from '../core/endpoint.ts';

const VERSION = 1;
const LARGEST = 64 * 1024 * 1024;
const KEEP_MS = 30 * 24 * 3_600_000; // of a service that nobody here asks for any more
const OTHERS_MAY_WRITE = 0o022;

/** What was last known of a service. */
export interface Remembered {
  readonly endpoints: readonly Endpoint[];
  /** By what its folder is known again. */
  readonly folder: string | undefined;
  /** When it was last known to hold, in milliseconds since 1970 began; undefined for what this process was told itself. */
  readonly at: number | undefined;
}

/** What the file says of every service, as of `at`: milliseconds since 1970 began. */
export function snapshotText(registry: string, at: number, all: Iterable<[string, Remembered]>): string {
  const kept = [...all].filter(([, remembered]) => at - (remembered.at ?? at) < KEEP_MS);
  const services = Object.fromEntries(kept.map(([service, { endpoints }]) => [service, endpoints.map(toJson)]));
  const folders = Object.fromEntries(kept.map(([service, { folder }]) => [service, folder]));
  const older = kept.filter(([, remembered]) => remembered.at !== undefined);
  const seen = Object.fromEntries(older.map(([service, remembered]) => [service, remembered.at]));
  return JSON.stringify({ version: VERSION, registry, at, seen, folders, services });
}

const toJson = ({ id, url, weight, zone, metadata }: Endpoint): object => ({ id, url, weight, zone, metadata });

/** Reads the file at `path`. @throws Error that says why it is not believed; a file that is not there yet is simply empty. */
export function readSnapshot(path: string, registry: string): Map<string, Remembered> {
  const text = textOf(path);
  if (text === undefined) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const { version, registry: of, at, seen, folders, services } = (value ?? {}) as Record<string, unknown>;
  if (version !== VERSION) throw new Error(`it is not of version ${VERSION}`);
  if (of !== registry) throw new Error('it is of another registry');
  if (typeof at !== 'number') throw new Error('it does not say when it was written');
  if (typeof services !== 'object' || services === null) throw new Error('it has no services');
  const older = new Map(Object.entries((seen ?? {}) as Record<string, unknown>));
  const marks = new Map(Object.entries((folders ?? {}) as Record<string, unknown>));
  return new Map(
    Object.entries(services).map(([service, all]) => {
      const [since, mark] = [older.get(service), marks.get(service)];
      const folder = typeof mark === 'string' ? mark : undefined;
      return [service, { endpoints: endpointsOf(all), folder, at: typeof since === 'number' ? since : at }];
    }),
  );
}

/** What the file says, once it is known whose it is; undefined while there is none. */
function textOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would keep us waiting
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') return undefined;
    throw new Error(`it can not be read: ${code}`);
  }
  try {
    const stats = fstatSync(file); // of the very file that is read, whatever stands there a moment later
    if (!stats.isFile() || stats.size > LARGEST) throw new Error('it is not a file of a sensible size');
    if ((stats.mode & OTHERS_MAY_WRITE) !== 0) throw new Error('others may write it');
    const mine = process.getuid?.();
    if (mine !== undefined && stats.uid !== mine) throw new Error('it belongs to somebody else');
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function endpointsOf(all: unknown): readonly Endpoint[] {
  if (!Array.isArray(all)) throw new Error('a service in it is not a list');
  return all.map((one: Record<string, unknown> | null) => {
    const { id, url, weight, zone, metadata } = one ?? {};
    const fine =
      typeof id === 'string' &&
      typeof url === 'string' &&
      typeof weight === 'number' &&
      typeof zone === 'string' &&
      typeof metadata === 'object' &&
      metadata !== null &&
      Object.values(metadata).every((text) => typeof text === 'string');
    if (!fine) throw new Error('an endpoint in it is not one');
    return endpoint(url, { id, weight, zone, metadata: Object.freeze({ ...(metadata as Record<string, string>) }) });
  });
}
