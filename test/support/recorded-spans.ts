import { after, beforeEach } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

/**
 * Records the spans of every test of the file that asks, each from none. The API knows one tracer for a process, so this
 * is for files that have one to themselves.
 */
export function recordedSpans(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter();
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  beforeEach(() => exporter.reset());
  after(() => {
    trace.disable();
    context.disable();
  });
  return exporter;
}
