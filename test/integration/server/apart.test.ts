import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';

test('what hears that a call is called off does not take itself for a part of another request', async (t) => {
  const policy = { defaults: { deadline: { timeout: '2s' } } } as const; // longer than a machine stands still: all have begun by then
  const mesh = await createMesh({ service: 'shop', registry: { fixed: { stock: ['http://127.0.0.1:1'] } }, policy });
  t.after(() => mesh.close({ drainMs: 0, timeoutMs: 0 }));
  const users = new AsyncLocalStorage<string>(); // as a tracer of the user's has it
  const heard: (string | undefined)[] = [];
  let begun = () => {};
  const server = createServer(
    mesh.handler((request, context) =>
      users.run(request.url!, async () => {
        const hear = (): void => {
          const { context: seen } = mesh;
          if (seen !== undefined && seen !== context) heard.push('another request');
          heard.push(users.getStore() === request.url ? undefined : users.getStore());
        };
        const never = ({ signal }: { signal: AbortSignal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              hear();
              reject(signal.reason);
            });
            begun();
          });
        await mesh.call('stock', never).catch(hear);
        return new Response('done');
      }),
    ),
  );
  const { instance } = await mesh.serve(server, { bind: '127.0.0.1', host: '127.0.0.1' });
  const asked: Promise<Response>[] = [];
  for (const path of ['/a', '/b', '/c']) {
    const { promise, resolve } = Promise.withResolvers<void>();
    begun = resolve;
    asked.push(fetch(`http://127.0.0.1:${instance.port}${path}`));
    await promise; // the first sets the timer that serves them all
  }
  for (const answer of asked) assert.equal(await (await answer).text(), 'done');
  assert.deepEqual(
    heard,
    Array.from({ length: 6 }, () => undefined),
  );
});
