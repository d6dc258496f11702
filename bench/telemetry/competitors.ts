import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { systemClock } from '../../src/core/clock.ts';
import { Events } from '../../src/core/events.ts';
import { entropy } from '../../src/core/random.ts';
import { Timeouts } from '../../src/core/timeouts.ts';
import { createMesh, type MeshOptions } from '../../src/index.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { readPolicy } from '../../src/mesh/options.ts';
import { openRegistry } from '../../src/mesh/registries.ts';
import type { Competitor, Opening } from '../kit/competitor.ts';
import { lanes, sequential } from '../kit/measure.ts';

const TARGET = process.env.TARGET ?? 'http://127.0.0.1:1';
const works = async (): Promise<number> => 1;

/** Takes what is recorded, as a receiver would that is there at once. */
const taking: SpanExporter = {
  export: (_, done) => done({ code: 0 }),
  shutdown: async () => {},
  forceFlush: async () => {},
};

/** An SDK that batches. */
function sdk(): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: taking })] }));
}

const mesh = (telemetry: NonNullable<MeshOptions['telemetry']>): Promise<Mesh> =>
  createMesh({ service: 'bench', registry: { fixed: { orders: [TARGET] } }, telemetry });

async function calling(made: Promise<Mesh>): Promise<Competitor> {
  const calls = await made;
  return { round: ({ ms }) => sequential(() => calls.call('orders', works), ms!) };
}

const getting = (get: () => Promise<unknown>): Competitor => ({ round: ({ ms }) => lanes(get, 16, ms!) });

async function requesting(telemetry: NonNullable<MeshOptions['telemetry']>): Promise<Competitor> {
  const calls = await mesh(telemetry);
  return getting(async () => (await calls.request('http://orders/orders/42')).body.json());
}

/** One span for each request, by OpenTelemetry's own instrumentation, the mesh making none. */
async function instrumented(): Promise<Competitor> {
  new UndiciInstrumentation().setTracerProvider(trace.getTracerProvider());
  return requesting({ traces: false, metrics: false });
}

/** A mesh without the place where those who watch would stand. */
async function unwatched(): Promise<Mesh> {
  const env = { clock: systemClock, random: entropy(), events: new Events(), timeouts: new Timeouts(systemClock) };
  const registry = await openRegistry({ fixed: { orders: [TARGET] } }, env);
  return new Mesh('bench', env, registry, readPolicy({}), {});
}

const withSdk =
  (open: () => Promise<Competitor>): Opening =>
  () => {
    sdk();
    return open();
  };

/** A call and a request, by what of telemetry is there. */
export const competitors: Readonly<Record<string, Opening>> = {
  'call, nobody can watch': () => calling(unwatched()),
  'call, nobody can watch, twin': () => calling(unwatched()),
  'call, as it comes, no SDK': () => calling(mesh({})),
  'call, spans asked for, no SDK': () => calling(mesh({ traces: true })),
  'call, SDK with batches': withSdk(() => calling(mesh({ traces: true }))),
  'http, off': () => requesting({ traces: false, metrics: false }),
  'http, as it comes, no SDK': () => requesting({}),
  'http, one span by its instrumentation': withSdk(instrumented),
  'http, SDK with batches': withSdk(() => requesting({ traces: true })),
};
