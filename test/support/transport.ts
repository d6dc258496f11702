import type { TestContext } from 'node:test';
import type { Env } from '../../src/core/env.ts';
import type { VirtualClock } from '../../src/testing/virtual-clock.ts';
import { createTransport, type Transport } from '../../src/transport/transport.ts';
import { type CallerOptions, TestCaller } from './caller.ts';

/** A transport with the little mesh that it sends through. */
export interface TestTransport extends Transport {
  readonly caller: TestCaller;
  readonly env: Env;
}

/** Makes a transport whose services live at these URLs, for as long as the test runs. */
export function transportTo(
  t: TestContext,
  urls: Readonly<Record<string, readonly string[]>>,
  options: CallerOptions = {},
): TestTransport {
  const caller = new TestCaller(urls, options);
  const transport = createTransport(caller.env, caller, (service) => caller.policies.for(service));
  t.after(async () => {
    const closing = transport.close(0);
    await (caller.env.clock as Partial<VirtualClock>).advance?.(0);
    await closing;
  });
  return { ...transport, caller, env: caller.env };
}
