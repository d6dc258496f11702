// Calls by one client, through a mesh and without one, beside OpenTelemetry's own instrumentations of clients; prints the
// spans that came of each. `instrumented.ts <client> <url>`.
import http, { type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { SpanKind } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import axios from 'axios';
import { fetch as undiciFetch, request as undiciRequest } from 'undici';
import { meshAxios } from '../../../src/axios.ts';
import { createMesh, type Mesh, type MeshOptions } from '../../../src/index.ts';

type Headers = Readonly<Record<string, string>>;
/** Sends one request. */
type Plain = (url: string, headers?: Headers) => Promise<unknown>;

/** What a client does alone; in a mesh it does so inside of `send`. */
const plain: Readonly<Record<string, Readonly<Record<string, Plain>>>> = {
  fetch: { fetch: async (url, headers = {}) => read(await fetch(url, { headers })) },
  undici: {
    'undici.request': async (url, headers = {}) => {
      const answer = await undiciRequest(url, { headers });
      await answer.body.dump();
      return answer;
    },
    'undici.fetch': async (url, headers = {}) => read(await undiciFetch(url, { headers })),
  },
  axios: {
    axios: (url, headers = {}) => axios.get(url, { headers }),
    'axios over fetch': (url, headers = {}) => axios.get(url, { headers, adapter: 'fetch' }),
  },
  'node:http': {
    'http.request': async (url, headers = {}) => {
      const answer = await new Promise<IncomingMessage>((resolve, reject) =>
        http.request(url, { headers }, resolve).on('error', reject).end(),
      );
      await text(answer);
      return answer;
    },
  },
};

/** What a mesh does that brings its own client. */
const sugar: Readonly<Record<string, Readonly<Record<string, (mesh: Mesh) => Plain>>>> = {
  fetch: { 'mesh.fetch': (mesh) => async (url) => read(await mesh.fetch(url)) },
  undici: { 'mesh.request': (mesh) => async (url) => (await mesh.request(url)).body.dump() },
  axios: {
    meshAxios: (mesh) => {
      const client = meshAxios(mesh, axios.create());
      return (url) => client.get(url);
    },
  },
};

async function read<A extends { arrayBuffer(): Promise<unknown> }>(answer: A): Promise<A> {
  await answer.arrayBuffer();
  return answer;
}

const [client, url] = process.argv.slice(2) as [string, string];
const exporter = new InMemorySpanExporter();
const processor = new SimpleSpanProcessor({ exporter });
const instrumentations = [new HttpInstrumentation(), new UndiciInstrumentation()];
const meshWith = (telemetry: NonNullable<MeshOptions['telemetry']>, trace: boolean): Promise<Mesh> =>
  createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [url] } },
    policy: { defaults: { retry: { backoff: '1ms' }, propagate: { trace } } },
    telemetry,
  });
const early = await meshWith({}, true); // made before there is an SDK
new NodeSDK({ spanProcessors: [processor], metricReaders: [], logRecordProcessors: [], instrumentations }).start();
createRequire(import.meta.url)('http'); // is patched when it is asked for

/** Every way to send through a mesh. */
const through = (mesh: Mesh): Readonly<Record<string, Plain>> => ({
  ...Object.fromEntries(
    Object.entries(plain[client]!).map(([name, send]) => [
      `mesh.call with ${name}`,
      (path) => mesh.call('orders', (attempt) => send(`${attempt.url}${path}`, attempt.headers), { method: 'GET' }),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(sugar[client] ?? {}).map(([name, make]) => [name, (path) => make(mesh)(`http://orders${path}`)]),
  ),
});
const alone: Readonly<Record<string, Plain>> = Object.fromEntries(
  Object.entries(plain[client]!).map(([name, send]) => [name, (path) => send(`${url}${path}`)]),
);
const recording = await meshWith({}, true);
const late = through(early);
const leaving = await meshWith({ traces: false }, false); // the spans and the headers, to the instrumentations

/** What is told of one client. */
export interface Told {
  /** The versions of OpenTelemetry's API and SDK that ran. */
  readonly api: string;
  readonly sdk: string;
  readonly cases: readonly Case[];
}

/** What came of one way to send: its client spans, in the order in which they ended. */
export interface Case {
  readonly name: string;
  readonly path: string;
  readonly spans: readonly {
    readonly traceparent: string;
    readonly by: string;
    readonly resend: unknown;
  }[];
}

/** The client spans that have ended since they were last asked for. */
async function clientSpans(): Promise<Case['spans']> {
  await processor.forceFlush(); // the SDK waits for what it asks the machine about itself
  const spans = exporter.getFinishedSpans().filter(({ kind }) => kind === SpanKind.CLIENT);
  exporter.reset();
  sdk = String(spans[0]?.resource.attributes['telemetry.sdk.version']);
  return spans.map((span) => {
    const { traceId, spanId, traceFlags } = span.spanContext();
    return {
      traceparent: `00-${traceId}-${spanId}-0${traceFlags}`,
      by: span.instrumentationScope.name,
      resend: span.attributes['http.request.resend_count'],
    };
  });
}

let sdk = '';
const cases: Case[] = [];
while ((await clientSpans()).length === 0) await early.call('orders', () => new Promise(setImmediate)); // until it has seen the SDK
for (const [kind, ways] of Object.entries({ recording: through(recording), late, leaving: through(leaving), alone })) {
  for (const [name, send] of Object.entries(ways)) {
    const path = `/${kind}/${cases.length}`;
    await send(path);
    cases.push({ name, path, spans: await clientSpans() });
  }
}
for (const mesh of [early, recording, leaving]) await mesh.close();
const globals = globalThis as unknown as Readonly<Record<symbol, { readonly version: string }>>;
const { version: api } = globals[Symbol.for('opentelemetry.js.api.1')]!;
console.log(JSON.stringify({ api, sdk, cases } satisfies Told));
