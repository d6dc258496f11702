// Makes calls that are counted, and with `all` traced and logged as well, and tells after each hundred thousand what the heap holds.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { createMesh } from '../../../src/index.ts';
import { heapLeft } from '../../support/heap.ts';
import { settings } from '../../support/processes.ts';
import { FakeTarget } from '../../telemetry/log-target.ts';

/** How the heap stands, and what was recorded so far. */
export interface Heap {
  readonly heap: number;
  readonly spans: number;
  readonly lines: number;
}

const { hundreds, all } = settings<{ readonly hundreds: number; readonly all: boolean }>();
let [spans, lines] = [0, 0];
const counting = { onStart() {}, onEnd: () => void spans++, forceFlush: async () => {}, shutdown: async () => {} };
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [counting] }));
const to = new FakeTarget();
to.write = (text) => {
  lines += text.split('\n').length - 1;
  return true;
};
const registry = { fixed: { orders: ['http://10.0.0.1:1', 'http://10.0.0.2:1'] } };
const telemetry = { prometheus: true, metrics: false, traces: all, accessLog: all && { to, format: 'json' } };
const mesh = await createMesh({ service: 'checkout', registry, telemetry });
const down = Object.assign(new Error('down'), { code: 'ECONNRESET' });
for (let hundred = 0; hundred < hundreds; hundred++) {
  for (let call = 0; call < 100_000; call++) {
    const send = call % 100 === 0 ? () => Promise.reject(down) : () => 1;
    await mesh.call('orders', send, { method: 'POST', path: `/${call}` }).catch(() => {});
  }
  process.send!({ heap: await heapLeft(), spans, lines } satisfies Heap);
}
await mesh.close();
process.disconnect();
