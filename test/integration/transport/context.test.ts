import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

test('who reads a body by its events hears them in the context of the request, whoever had the connection before', async (t) => {
  const server = await serve(t, async (request, response) => {
    response.write('a');
    await setTimeout(5);
    if (request.url === '/broken') response.destroy();
    else response.end('b');
  });
  const transport = transportTo(t, { orders: [server.url] });
  const asking = new AsyncLocalStorage<string>();
  const heardBy = (who: string, path = '/') =>
    asking.run(who, async () => {
      const { body } = await transport.request(`http://orders${path}`);
      const heard: (string | undefined)[] = [];
      await new Promise((resolve) => {
        for (const event of ['data', 'end', 'error', 'close']) body.on(event, () => heard.push(asking.getStore()));
        body.on('close', resolve);
      });
      return new Set(heard);
    });
  for (const who of ['first', 'second', 'third']) assert.deepEqual(await heardBy(who), new Set([who]));
  assert.deepEqual(await heardBy('fourth', '/broken'), new Set(['fourth']));
});
