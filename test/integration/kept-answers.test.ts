import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createMesh } from '../../src/mesh/create.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { serve } from '../support/http.ts';

async function aMesh(t: TestContext, listener: RequestListener, policy: PolicySections) {
  const server = await serve(t, listener);
  const mesh = await createMesh({
    service: 'checkout',
    registry: { fixed: { orders: [server.url] } },
    policy: { defaults: { retry: { attempts: 1 }, ...policy } },
  });
  t.after(() => mesh.close());
  return { mesh, server };
}

const collapse = { mode: 'on', bytes: 100_000 } as const;

/** Holds every answer until it is let go. */
function held(answer: RequestListener) {
  const seen: (() => void)[] = [];
  let came: (() => void) | undefined;
  const listener: RequestListener = (request, response) => {
    seen.push(() => answer(request, response));
    came?.();
  };
  const some = async (count: number): Promise<void> => {
    while (seen.length < count) {
      await new Promise<void>((resolve) => {
        came = resolve;
      });
    }
  };
  return { seen, listener, some };
}

test('several fetches of the same are one request, and each reads a body of its own', async (t) => {
  const text = 'x'.repeat(90_000);
  const { seen, listener, some } = held((_, response) => void response.end(text));
  const { mesh } = await aMesh(t, listener, { collapse });
  const answers = [
    mesh.fetch('http://orders/a').then((answer) => answer.text()),
    mesh.fetch('http://orders/a').then((answer) => new Response(answer.body).text()),
    mesh.fetch('http://orders/a').then(async (answer) => {
      const clone = answer.clone();
      assert.equal(await answer.text(), text);
      return clone.text();
    }),
  ];
  await some(1);
  await turn();
  seen[0]!();
  for (const one of await Promise.all(answers)) assert.equal(one, text);
  assert.equal(seen.length, 1);
});

test('a reader that writes over its bytes spoils nobody else’s', async (t) => {
  const { seen, listener, some } = held((_, response) => void response.end('abc'));
  const { mesh } = await aMesh(t, listener, { collapse });
  const asked = [mesh.request('http://orders/a'), mesh.request('http://orders/a')];
  await some(1);
  seen[0]!();
  const [one, other] = await Promise.all(asked);
  (await one!.body.bytes()).fill(0);
  one!.headers['content-length'] = 'spoilt';
  assert.equal(await other!.body.text(), 'abc');
  assert.equal(other!.headers['content-length'], '3');
});

test('an abort of the first, while the body comes, is no abort for the other', async (t) => {
  let go!: () => void;
  const { mesh } = await aMesh(
    t,
    (_, response) => {
      response.write('first ');
      go = () => response.end('second');
    },
    { collapse },
  );
  const controller = new AbortController();
  const first = mesh.request('http://orders/a', { signal: controller.signal });
  const other = mesh.request('http://orders/a');
  while (go === undefined) await turn();
  await turn();
  controller.abort();
  await assert.rejects(first, { reason: 'caller' });
  go();
  assert.equal(await (await other).body.text(), 'first second');
});

test('where an answer is too long, the first can still read it and break it off, and the others ask for themselves', async (t) => {
  let asked = 0;
  const long = Buffer.alloc(3_000_000, 'x');
  const { mesh } = await aMesh(
    t,
    (_, response) => {
      asked++;
      response.write(long); // in parts, so that nobody knows how long it will be
      response.end();
    },
    { collapse },
  );
  const controller = new AbortController();
  const both = [mesh.request('http://orders/a', { signal: controller.signal }), mesh.request('http://orders/a')];
  const [first, other] = await Promise.all(both);
  assert.equal(asked, 2);
  assert.equal((await other!.body.bytes()).length, long.length);
  controller.abort();
  await assert.rejects(first!.body.bytes(), { name: 'AbortError' });
});

test('an answer that never ends is not waited for', async (t) => {
  const { mesh } = await aMesh(
    t,
    (_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write('data: 1\n\n');
    },
    { collapse, fallback: { mode: 'last-good' } },
  );
  const both = await Promise.all([mesh.request('http://orders/a'), mesh.request('http://orders/a')]);
  for (const { body } of both) {
    for await (const part of body) {
      assert.equal(String(part), 'data: 1\n\n');
      break;
    }
  }
});

test('the last good answer stands in when the service is gone, for request and fetch', async (t) => {
  const { mesh, server } = await aMesh(t, (_, response) => void response.setHeader('x-a', '1').end('{"id":42}'), {
    fallback: { mode: 'last-good' },
  });
  assert.equal(await (await mesh.request('http://orders/a')).body.text(), '{"id":42}');
  assert.deepEqual(await (await mesh.fetch('http://orders/a')).json(), { id: 42 });
  server.server.closeAllConnections();
  await new Promise((resolve) => server.server.close(resolve));
  for (let turn = 0; turn < 2; turn++) {
    const kept = await mesh.request('http://orders/a');
    assert.equal(kept.headers['inmesh-fallback'], 'last-good');
    assert.equal(kept.headers['x-a'], '1');
    assert.deepEqual(await kept.body.json(), { id: 42 });
  }
  const fetched = await mesh.fetch('http://orders/a');
  assert.equal(fetched.status, 200);
  assert.equal(fetched.headers.get('inmesh-fallback'), 'last-good');
  assert.deepEqual(await fetched.json(), { id: 42 });
  await assert.rejects(mesh.request('http://orders/b'), { reason: 'connect' });
});

test('an answer that its reader left half read is not kept', async (t) => {
  let sick = false;
  const { mesh } = await aMesh(
    t,
    (_, response) => {
      if (sick) return void response.writeHead(503).end('sick');
      response.write('half');
    },
    { fallback: { mode: 'last-good' } },
  );
  const half = await mesh.request('http://orders/a');
  half.body.destroy();
  sick = true;
  const answer = await mesh.request('http://orders/a');
  assert.equal(answer.statusCode, 503);
  assert.equal(await answer.body.text(), 'sick');
});

test('the policy’s own answer stands in, as an answer of the client', async (t) => {
  const { mesh, server } = await aMesh(t, (_, response) => void response.writeHead(503).end(), {
    fallback: {
      mode: 'answer',
      answer: { status: 200, headers: { 'content-type': 'application/json' }, body: '{"items":[]}' },
    },
  });
  const answer = await mesh.fetch('http://orders/a');
  assert.deepEqual(await answer.json(), { items: [] });
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(answer.headers.get('inmesh-fallback'), 'answer');
  assert.ok(server.connections >= 1);
});
