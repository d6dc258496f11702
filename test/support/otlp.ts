import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { type Fields, readProtobuf } from './protobuf.ts';

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span, as it arrived. */
export interface ReceivedSpan {
  readonly name: string;
  /** 1 is internal, 2 server, 3 client. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly attributes: Attributes;
  readonly resource: Attributes;
}

/** A metric, as it arrived; `boundaries` only of a histogram. */
export interface ReceivedMetric {
  readonly name: string;
  readonly unit: string;
  readonly boundaries: readonly number[] | undefined;
  /** Calls, in a histogram or a counter, over all points. */
  readonly points: readonly Attributes[];
  readonly resource: Attributes;
}

/** What takes OTLP over HTTP, in protocol buffers or JSON, and keeps it. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  readonly metrics: ReceivedMetric[];
  /** The kinds of content that came. */
  readonly types: Set<string>;
}

/** Starts a receiver on a free port. */
export async function receiveOtlp(): Promise<OtlpReceiver> {
  const [spans, metrics, types] = [[] as ReceivedSpan[], [] as ReceivedMetric[], new Set<string>()];
  const take: Readonly<Record<string, (body: Source) => void>> = {
    '/v1/traces': (body) => spans.push(...spansOf(body)),
    '/v1/metrics': (body) => metrics.push(...metricsOf(body)),
    '/v1/logs': () => {},
  };
  const server = createServer(async (request, response) => {
    const body = await read(request);
    const type = request.headers['content-type'] ?? '';
    types.add(type);
    take[request.url!]!(type === 'application/json' ? fromJson(JSON.parse(body.toString())) : fromWire(body));
    response.setHeader('content-type', type).end(type === 'application/json' ? '{}' : '');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    metrics,
    types,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const body = Buffer.concat(await request.toArray());
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** A message in either encoding: fields by the number that they have in one and the name in the other. */
interface Source {
  all(number: number, name: string): Source[];
  text(number: number, name: string): string;
  number(number: number, name: string): number;
  hex(number: number, name: string): string;
  doubles(number: number, name: string): readonly number[];
  has(number: number, name: string): boolean;
}

function fromWire(bytes: Uint8Array): Source {
  const fields: Fields = readProtobuf(bytes);
  const every = (number: number) => fields.get(number) ?? [];
  const raw = (number: number) => Buffer.from((every(number)[0] as Uint8Array | undefined) ?? []);
  return {
    all: (number) => every(number).map((one) => fromWire(one as Uint8Array)),
    text: (number) => raw(number).toString(),
    number: (number) => Number(every(number)[0] ?? 0),
    hex: (number) => raw(number).toString('hex'),
    doubles: (number) => Array.from({ length: raw(number).length / 8 }, (_, at) => raw(number).readDoubleLE(at * 8)),
    has: (number) => fields.has(number),
  };
}

function fromJson(value: Readonly<Record<string, unknown>>): Source {
  return {
    all: (_, name) => [value[name] ?? []].flat().map((one) => fromJson(one as Readonly<Record<string, unknown>>)),
    text: (_, name) => String(value[name] ?? ''),
    number: (_, name) => Number(value[name] ?? 0),
    hex: (_, name) => String(value[name] ?? ''),
    doubles: (_, name) => (value[name] as number[] | undefined) ?? [],
    has: (_, name) => value[name] !== undefined,
  };
}

const attributesOf = (source: Source, number: number): Attributes =>
  Object.fromEntries(
    source.all(number, 'attributes').map((pair) => [pair.text(1, 'key'), pair.all(2, 'value').map(plain)[0]]),
  );

function plain(value: Source): string | number | boolean | undefined {
  if (value.has(1, 'stringValue')) return value.text(1, 'stringValue');
  return value.has(3, 'intValue') ? value.number(3, 'intValue') : undefined; // no others are asked for
}

const resourceOf = (group: Source): Attributes => attributesOf(group.all(1, 'resource')[0]!, 1);

const spansOf = (body: Source): ReceivedSpan[] =>
  body.all(1, 'resourceSpans').flatMap((group) =>
    group.all(2, 'scopeSpans').flatMap((scope) =>
      scope.all(2, 'spans').map((span) => ({
        name: span.text(5, 'name'),
        kind: span.number(6, 'kind'),
        traceId: span.hex(1, 'traceId'),
        spanId: span.hex(2, 'spanId'),
        parentId: span.hex(4, 'parentSpanId'),
        attributes: attributesOf(span, 9),
        resource: resourceOf(group),
      })),
    ),
  );

const metricsOf = (body: Source): ReceivedMetric[] =>
  body.all(1, 'resourceMetrics').flatMap((group) =>
    group.all(2, 'scopeMetrics').flatMap((scope) =>
      scope.all(2, 'metrics').map((metric) => {
        const histogram = metric.all(9, 'histogram')[0];
        const points = (histogram ?? metric.all(7, 'sum')[0] ?? metric.all(5, 'gauge')[0])?.all(1, 'dataPoints') ?? [];
        return {
          name: metric.text(1, 'name'),
          unit: metric.text(3, 'unit'),
          boundaries: histogram && points[0]?.doubles(7, 'explicitBounds'),
          points: points.map((point) => attributesOf(point, histogram === undefined ? 7 : 9)),
          resource: resourceOf(group),
        };
      }),
    ),
  );
