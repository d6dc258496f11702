/** The record of one instance, as Curator's service discovery (`ServiceInstance`) holds it. Spring and Dubbo read it. */
export interface InstanceRecord {
  /** The service. */
  readonly name: string;
  readonly id: string;
  /** A host name or an IP address, without brackets. */
  readonly address: string;
  /** Where it speaks http; null when it does not. */
  readonly port: number | null;
  /** Where it speaks https; null when it does not. Readers prefer it to `port`. */
  readonly sslPort: number | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** When it was first listed, in milliseconds since 1970 began. */
  readonly registeredAt: number;
  /** False takes it out of use. */
  readonly enabled: boolean;
  /** DYNAMIC goes when its process goes; STATIC and PERMANENT stay until somebody takes them away. */
  readonly serviceType: ServiceType;
  /** The Java class of the payload. Text, and nothing but text: it is never looked up, only written back. */
  readonly payloadClass: string | undefined;
  /** The payload's own id: Spring writes the name of its application context. */
  readonly payloadId: string | undefined;
}

export type ServiceType = (typeof SERVICE_TYPES)[number];
const SERVICE_TYPES = ['DYNAMIC', 'STATIC', 'PERMANENT', 'DYNAMIC_SEQUENTIAL'] as const;

/** Who is meant to read the payload: Spring Cloud Zookeeper, Dubbo, or anybody, as a plain map. */
export type PayloadForm = 'spring' | 'dubbo' | 'plain';

/** A record to be written; what is left out is as most have it. */
export type NewRecord = Omit<InstanceRecord, Usual> & Partial<Pick<InstanceRecord, Usual>>;
type Usual = 'enabled' | 'serviceType' | 'payloadClass' | 'payloadId';

/** What is wrong with a record, in a sentence. */
export class RecordProblem extends TypeError {
  override readonly name = 'RecordProblem';
}

/** Bytes of a record, at most. Ours have about 600; what is longer is not a record. */
export const LONGEST_RECORD = 65_536;

const MAP = 'java.util.LinkedHashMap';
const CLASSES: Readonly<Record<PayloadForm, string>> = {
  spring: 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
  dubbo: 'org.apache.dubbo.registry.zookeeper.ZookeeperInstance',
  plain: MAP,
};

/** Curator's parsed form of `{scheme}://{address}:{port}`; Spring has no URL to show for a record without it. */
const URI_SPEC = {
  parts: [
    { value: 'scheme', variable: true },
    { value: '://', variable: false },
    { value: 'address', variable: true },
    { value: ':', variable: false },
    { value: 'port', variable: true },
  ],
};

/**
 * Writes a record as Curator's default serializer does: nine fields in its order, nulls spelt out. A tenth, `enabled`,
 * is written only where it is false, since older readers have never heard of it.
 */
export function encodeRecord(record: NewRecord, form: PayloadForm = 'spring'): string {
  return JSON.stringify({
    name: record.name,
    id: record.id,
    address: record.address,
    port: record.port,
    sslPort: record.sslPort,
    payload: payloadOf(record, record.payloadClass ?? CLASSES[form]),
    registrationTimeUTC: record.registeredAt,
    serviceType: record.serviceType ?? 'DYNAMIC',
    uriSpec: URI_SPEC,
    ...(record.enabled === false && { enabled: false }),
  });
}

function payloadOf(record: NewRecord, type: string): object {
  if (type === MAP) return { '@class': MAP, ...record.metadata };
  return { '@class': type, id: record.payloadId ?? record.id, name: record.name, metadata: record.metadata };
}

/**
 * Reads a record, whoever wrote it. Missing fields that can be done without are, unknown ones are ignored; what could
 * not be called, or could harm, is refused.
 * @throws RecordProblem and nothing else.
 */
export function decodeRecord(data: string | Uint8Array): InstanceRecord {
  const record = parse(data);
  const [port, sslPort] = [portOf(record, 'port'), portOf(record, 'sslPort')];
  if (port === null && sslPort === null) throw new RecordProblem('port and sslPort are both missing');
  const { type, body } = unwrap(own(record, 'payload'));
  const registeredAt = own(record, 'registrationTimeUTC');
  const serviceType = own(record, 'serviceType');
  const payloadId = isObject(body) ? own(body, 'id') : undefined;
  return {
    name: textOf(record, 'name'),
    id: textOf(record, 'id'),
    address: addressOf(record),
    port,
    sslPort,
    metadata: metadataOf(type, body),
    registeredAt: typeof registeredAt === 'number' && Number.isSafeInteger(registeredAt) ? registeredAt : 0,
    enabled: own(record, 'enabled') !== false,
    serviceType: SERVICE_TYPES.find((known) => known === serviceType) ?? 'DYNAMIC',
    payloadClass: type,
    payloadId: type !== MAP && typeof payloadId === 'string' ? payloadId : undefined,
  };
}

function parse(data: string | Uint8Array): object {
  // A UTF-16 unit is at least one byte, so a longer text is too long in any case; the rest need not be exact.
  if (data.length > LONGEST_RECORD) {
    throw new RecordProblem(`it is longer than ${LONGEST_RECORD} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(typeof data === 'string' ? data : new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    throw new RecordProblem(data.length === 0 ? 'it is empty' : 'it is not JSON'); // what it is instead is not ours to show
  }
  if (!isObject(value)) throw new RecordProblem('it is not a JSON object');
  return value;
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the object itself says; what it inherits was not in the record. */
const own = (of: object, key: string): unknown =>
  Object.hasOwn(of, key) ? (of as Record<string, unknown>)[key] : undefined;

function textOf(record: object, field: 'name' | 'id'): string {
  const value = own(record, field);
  if (typeof value === 'string' && value !== '' && value.length <= 512) return value;
  throw new RecordProblem(`${field} must be a text of 1 to 512 characters, got ${show(value)}`);
}

function portOf(record: object, field: 'port' | 'sslPort'): number | null {
  const value = own(record, field);
  if (value === undefined || value === null) return null;
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value; // Jackson takes it too
  if (isPort(port)) return port;
  throw new RecordProblem(`${field} must be a whole number from 1 to 65535, got ${show(value)}`);
}

/** Whether something can be listened on. */
export const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535;

function addressOf(record: object): string {
  const value = own(record, 'address');
  const bare = typeof value === 'string' && /^\[.*\]$/.test(value) ? value.slice(1, -1) : value;
  if (isHost(bare)) return bare;
  throw new RecordProblem(`address must be a host name or an IP address, got ${show(value)}`);
}

/** Whether it is a host name, an IPv4 address or a bare IPv6 address, and nothing that could change the URL around it. */
export function isHost(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 253) return false;
  return value.includes(':')
    ? /^[0-9A-Fa-f:.]+$/.test(value) && URL.canParse(`http://[${value}]`)
    : /^[A-Za-z0-9._-]+$/.test(value) && URL.canParse(`http://${value}`);
}

/** Jackson's two ways to say the class: a field of the object, or a pair of the class and the value. */
function unwrap(payload: unknown): { type: string | undefined; body: unknown } {
  if (Array.isArray(payload)) {
    const [type, body] = payload;
    return payload.length === 2 && typeof type === 'string' ? { type, body } : { type: undefined, body: undefined };
  }
  const type = isObject(payload) ? own(payload, '@class') : undefined;
  return { type: typeof type === 'string' ? type : undefined, body: payload };
}

/** Of a bean its `metadata`, of a map all there is. Values are texts; what can not be one is passed over. */
function metadataOf(type: string | undefined, body: unknown): Readonly<Record<string, string>> {
  if (!isObject(body)) return {};
  const inner = own(body, 'metadata');
  const isBean = isObject(inner) || type === CLASSES.spring || type === CLASSES.dubbo;
  const source = isBean ? inner : body;
  if (!isObject(source)) return {};
  const entries: [string, string][] = [];
  for (const [key, value] of Object.entries(source)) {
    if (key === '__proto__' || key === '@class') continue;
    if (typeof value === 'string') entries.push([key, value]);
    else if (typeof value === 'number' || typeof value === 'boolean') entries.push([key, String(value)]);
  }
  return Object.fromEntries(entries);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return `'${value.slice(0, 80).replace(/[^ -~]/g, '?')}'`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}
