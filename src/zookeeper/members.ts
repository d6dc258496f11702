import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { endpointOf } from '../discovery/record.ts';
import { decodeRecord, isHost, isPort, LONGEST_RECORD, RecordProblem } from '../wire/record.ts';
import type { Stat } from './operations.ts';

/** What is known of a node: when it came and last changed, and the endpoint that it tells of. */
export interface Known {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  /** None when the record can not be read. */
  readonly endpoint: Endpoint | undefined;
  readonly problem: string;
}

/** Characters of the name of a node, at most; as of the id in a record. ZooKeeper itself would take a megabyte. */
export const LONGEST_NAME = 512;

/** A node that we may not read. */
export const FORBIDDEN: Known = { czxid: -1n, mzxid: -1n, endpoint: undefined, problem: 'no permission' };

/** What a node tells; of one that can not be read, what is wrong with it. */
export function knownOf(name: string, data: Buffer, { czxid, mzxid }: Stat): Known {
  try {
    return { czxid, mzxid, endpoint: memberOf(name, data), problem: '' };
  } catch (error) {
    const problem = error instanceof RecordProblem ? error.message : 'it can not be read'; // whatever it is, it costs itself alone
    return { czxid, mzxid, endpoint: undefined, problem };
  }
}

/**
 * The endpoint that a node tells of: Curator's record, whichever payload it has, or a member of Finagle's serverset. It
 * goes by the name of the node, which is unique, whatever the record calls itself.
 * @throws RecordProblem when there is none to be made of it.
 */
export function memberOf(name: string, data: Buffer): Endpoint {
  if (name.length > LONGEST_NAME)
    throw new RecordProblem(`the name of its node is longer than ${LONGEST_NAME} characters`);
  const found = serversetMember(data) ?? endpointOf(decodeRecord(data));
  return found.id === name ? found : Object.freeze({ ...found, id: name });
}

/** A member as Finagle and Aurora write it: `{"serviceEndpoint":{"host":…,"port":…},"status":"ALIVE","shard":0}`. */
function serversetMember(data: Buffer): Endpoint | undefined {
  if (data.length > LONGEST_RECORD || !data.includes('"serviceEndpoint"')) return undefined;
  const value = parse(data);
  const place = own(value, 'serviceEndpoint');
  if (!isObject(place)) return undefined;
  const [host, port] = [own(place, 'host'), own(place, 'port')];
  if (!isHost(host) || !isPort(port)) throw new RecordProblem('serviceEndpoint must have a host and a port');
  const status = own(value, 'status');
  const shard = own(value, 'shard');
  return endpoint(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    weight: status === undefined || status === 'ALIVE' ? 1 : 0,
    metadata: Object.freeze(typeof shard === 'number' ? { shard: String(shard) } : {}),
  });
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined; // said by whoever looks next
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

const own = (of: unknown, key: string): unknown => (isObject(of) && Object.hasOwn(of, key) ? of[key] : undefined);
