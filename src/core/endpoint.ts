/** One address of a service. Frozen; a change makes a new one with the same `id`. */
export interface Endpoint {
  /** What it is known by in its registry; stays the same while its weight or metadata change. */
  readonly id: string;
  /** Scheme, host and port: `http://10.0.0.5:3000`. No path, no trailing slash. */
  readonly url: string;
  /** `host:port`, for people to read. */
  readonly address: string;
  /** How much of the traffic it should have beside the others; 0 takes no new calls. At least 0, 1 unless told. */
  readonly weight: number;
  /** Where it runs; empty when nobody said. */
  readonly zone: string;
  /** What else its record says. */
  readonly metadata: Readonly<Record<string, string>>;
}

const NOTHING = Object.freeze({});

/**
 * Makes an endpoint out of its URL.
 * @param url Scheme, host and port alone: `http://10.0.0.5:3000`.
 * @param more What else is known of it: its id (the URL unless told), weight (1), zone and metadata.
 * @throws TypeError when `url` is not an http or https origin, or the weight is no number of at least 0.
 */
export function endpoint(
  url: string,
  more: { id?: string; weight?: number; zone?: string; metadata?: Readonly<Record<string, string>> } = {},
): Endpoint {
  const parsed = URL.parse(url);
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) {
    throw new TypeError(
      `an endpoint must be an http or https URL such as 'http://10.0.0.5:3000', got '${withoutUser(url)}'`,
    );
  }
  if (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '' || hasUser(parsed)) {
    throw new TypeError(`an endpoint must be scheme, host and port alone, got '${withoutUser(parsed.href)}'`);
  }
  const weight = more.weight ?? 1;
  if (!Number.isFinite(weight) || weight < 0)
    throw new TypeError(`weight must be a number of at least 0, got ${weight}`);
  const origin = whole(parsed.origin); // which is made anew each time it is asked for
  const { protocol } = parsed;
  const host = origin.slice(protocol.length + 2);
  const usual = protocol === 'https:' ? ':443' : ':80';
  return Object.freeze({
    id: more.id ?? origin,
    url: origin,
    address: parsed.port === '' ? `${host}${usual}` : host, // put together of nothing it would take 32 bytes more
    weight,
    zone: more.zone ?? '',
    metadata: more.metadata ?? NOTHING,
  });
}

/** The same text in one piece: V8 keeps what was put together as its parts, unless it was looked for as a name. */
const whole = (text: string): string => (text in NOTHING ? '' : text);

const hasUser = ({ username, password }: URL): boolean => username !== '' || password !== '';

/** A URL for people to read, as it was given; who it logs in as is nobody's business. */
const withoutUser = (url: unknown): string =>
  String(url)
    .replace(/\/\/[^/?#]*@/, '//***@')
    .slice(0, 200);

/** Whether two endpoints of one id say the same. */
export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return (
    a === b || (a.url === b.url && a.weight === b.weight && a.zone === b.zone && sameRecord(a.metadata, b.metadata))
  );
}

function sameRecord(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const [left, right] = [Object.keys(a), Object.keys(b)];
  return left.length === right.length && left.every((key) => a[key] === b[key]);
}

const PRIORITY = /^(?:[1-9]|[1-9]\d|1[01]\d|12[0-7])$/; // as Envoy has them: 0 to 127

/** How far down it stands for who is in `zone`: twice its priority, and one more where it is elsewhere. 0 comes first. */
export function tierOf({ zone: own, metadata }: Endpoint, zone: string): number {
  const { priority } = metadata;
  const place = priority !== undefined && PRIORITY.test(priority) ? Number(priority) : 0;
  return 2 * place + (zone === '' || zone === own ? 0 : 1);
}
