import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { SpanKind, trace } from '@opentelemetry/api';
import { type ReadableSpan, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { createMesh, type Mesh } from 'inmesh';
import type { FromOrders, OrdersSettings, ToOrders } from './messages.ts';
import type { Line } from './text.ts';
import { type Traced, tree } from './tree.ts';
import type { Troupe } from './troupe.ts';

const NAMES = ['a', 'b', 'c', 'd'] as const;
type Name = (typeof NAMES)[number];
const ANSWER_MS = 20;
const MOST_CALLS = 50; // until one has met all that there is to meet
const LONGEST_START_MS = 60_000;

/** Four servers, three of them in trouble; and the first call that got past all three, as its spans tell of it. */
export async function traced(troupe: Troupe, registry: string, columns: number): Promise<Line[]> {
  const recorder = new Recorder();
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [recorder] })); // before the mesh
  const servers = new Map<Name, ChildProcess>();
  const names = new Map<string, Name>(); // by address
  await Promise.all(
    NAMES.map(async (name) => {
      const process = troupe.start('orders.ts', {
        registry,
        weight: 1,
        answerMs: ANSWER_MS,
        port: 0,
      } satisfies OrdersSettings);
      servers.set(name, process);
      const [{ port }] = (await once(process, 'message', { signal: AbortSignal.timeout(LONGEST_START_MS) })) as [
        FromOrders,
      ];
      names.set(`127.0.0.1:${port}`, name);
    }),
  );
  // In turn, and not to the fastest: or a call would soon find d at once.
  const orders = { outlier: { failures: 3 }, retry: { perSecond: 100 }, balance: { picker: 'round-robin' } } as const;
  const policy = { services: { orders } };
  const mesh = await createMesh({ service: 'checkout', registry, policy });
  await mesh.dependsOn('orders', { minEndpoints: NAMES.length });

  let ejected = false;
  mesh.on(({ type }) => {
    ejected ||= type === 'ejected';
  });
  const say = (name: Name, what: ToOrders) => servers.get(name)!.send(what);
  say('a', 'deaf');
  await ask(mesh, () => ejected);
  say('b', 'deaf');
  say('c', { failing: 1 });
  await ask(mesh, () => recorder.last !== undefined && recorder.last.attempts.length >= 3);

  await mesh.close({ drainMs: 0 });
  const last = recorder.last!;
  return [
    [],
    [['Of four servers of orders a went down a while ago and b just now, c fails,']],
    [['and only d is well. The registry still lists them all. One call, by its spans']],
    [[`(trace ${last.traceId}):`]],
    [],
    ...tree(last, columns, (address) => names.get(address) ?? address),
    [],
  ];
}

/** Calls until it is so; every call is answered all the same. */
async function ask(mesh: Mesh, isSo: () => boolean): Promise<void> {
  for (let call = 0; call < MOST_CALLS && !isSo(); call++) {
    const answer = await mesh.request('http://orders/orders/42');
    await answer.body.json();
    if (answer.statusCode !== 200) throw new Error(`a call failed with status ${answer.statusCode}`);
  }
  if (!isSo()) throw new Error(`none of ${MOST_CALLS} calls met what there is to show`);
}

/** Keeps the spans of the call that ended last. */
class Recorder implements SpanProcessor {
  /** The call that ended last. */
  last: Traced | undefined;
  #attempts: ReadableSpan[] = [];

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (span.kind === SpanKind.CLIENT) this.#attempts.push(span);
    else if (span.kind === SpanKind.INTERNAL) {
      const since = ([s, ns]: [number, number]): number => msOf([s - span.startTime[0], ns - span.startTime[1]]);
      const { attributes } = span;
      this.last = {
        name: span.name,
        traceId: span.spanContext().traceId,
        atMs: 0,
        ms: msOf(span.duration),
        attributes: attributes as Traced['attributes'],
        attempts: this.#attempts.map((attempt) => ({
          name: attempt.name,
          atMs: since(attempt.startTime),
          ms: msOf(attempt.duration),
          attributes: attempt.attributes as Traced['attributes'],
        })),
        events: span.events.map(({ name, time, attributes = {} }) => ({
          name,
          atMs: since(time),
          attributes: attributes as Traced['attributes'],
        })),
      };
      this.#attempts = [];
    }
  }

  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

const msOf = ([s, ns]: readonly [number, number]): number => s * 1_000 + ns / 1e6;
