import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMesh } from '../../../src/mesh/create.ts';
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

test('a connection keeps nothing of the request that it was made for', async (t) => {
  const server = await serve(t, (_request, response) => void response.end());
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [server.url] } } });
  t.after(() => mesh.close());
  const asking = new AsyncLocalStorage<object>();
  const first = await (async () => {
    const request = { id: 1 };
    await asking.run(request, async () => (await mesh.request('http://orders/')).body.dump());
    return new WeakRef(request);
  })();
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  for (let tries = 0; first.deref() !== undefined && tries < 20; tries++) {
    await setTimeout(5);
    collectGarbage();
  }
  assert.equal(first.deref(), undefined);
  assert.equal((await mesh.request('http://orders/')).statusCode, 200);
});

test('who makes a body while it is sent does so in the context of the request, also where it waited for a connection', async (t) => {
  const server = await serve(t, async (request, response) => {
    for await (const _ of request);
    response.end();
  });
  const options = { policy: { defaults: { transport: { connections: 1 } } } };
  const transport = transportTo(t, { orders: [server.url] }, options);
  const asking = new AsyncLocalStorage<string>();
  const made: [string, string | undefined][] = [];
  const send = (who: string) =>
    asking.run(who, async () => {
      async function* body() {
        for (let part = 0; part < 3; part++) {
          made.push([who, asking.getStore()]);
          yield 'part';
          await setTimeout(1);
        }
      }
      const answer = await transport.request('http://orders/', { method: 'POST', body: body() });
      await answer.body.dump();
    });
  await Promise.all(['first', 'second', 'third'].map(send));
  assert.equal(made.length, 9);
  for (const [who, found] of made) assert.equal(found, who);
});
