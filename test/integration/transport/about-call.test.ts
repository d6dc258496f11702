import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import axios from 'axios';
import { meshAxios } from '../../../src/axios.ts';
import { createMesh, type Mesh, MeshError, type PolicyDocument, type RequestOptions } from '../../../src/index.ts';
import { nobody, serve } from '../../support/http.ts';

/** What may be said of a call, whichever door it goes through. */
type About = Pick<
  RequestOptions,
  'idempotent' | 'timeout' | 'route' | 'key' | 'priority' | 'fallback' | 'strategy' | 'classify'
>;

interface Got {
  readonly status: number;
  readonly text: string;
  readonly from: string | null | undefined;
}

type Door = (mesh: Mesh, about: About, method?: string, body?: string) => Promise<Got>;

const URL_OF = 'http://orders/a';
const FROM = 'inmesh-fallback';

const DOORS: readonly (readonly [name: string, ask: Door])[] = [
  [
    'mesh.request',
    async (mesh, about, method, body) => {
      const { statusCode, headers, body: answer } = await mesh.request(URL_OF, { ...about, method, body });
      return { status: statusCode, text: await answer.text(), from: headers[FROM] as string | undefined };
    },
  ],
  [
    'mesh.fetch',
    async (mesh, about, method = 'GET', body) => {
      const answer = await mesh.fetch(URL_OF, { mesh: about, method, body: body ?? null });
      return { status: answer.status, text: await answer.text(), from: answer.headers.get(FROM) };
    },
  ],
  [
    'mesh.fetch of a Request',
    async (mesh, about, method = 'GET', body) => {
      const answer = await mesh.fetch(new Request(URL_OF, { method, body: body ?? null }), { mesh: about });
      return { status: answer.status, text: await answer.text(), from: answer.headers.get(FROM) };
    },
  ],
  [
    'meshAxios',
    async (mesh, about, method = 'GET', body) => {
      const http = meshAxios(mesh, axios.create({ validateStatus: null, responseType: 'text' }));
      const { status, data, headers } = await http.request({ url: URL_OF, method, data: body, mesh: about });
      return { status, text: data, from: headers[FROM] };
    },
  ],
];

async function meshOf(t: TestContext, orders: string[], policy: PolicyDocument = {}): Promise<Mesh> {
  const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders } }, policy });
  t.after(() => mesh.close({ timeoutMs: 0 }));
  return mesh;
}

/** The error of the mesh, whatever the door made of it. */
function meshErrorOf(error: unknown): MeshError {
  const found = MeshError.is(error) ? error : (error as Error).cause;
  assert.ok(MeshError.is(found), String(error));
  return found;
}

for (const [door, ask] of DOORS) {
  test(`${door}: a fallback gives an answer made up of status, headers and body, whatever the method`, async (t) => {
    const mesh = await meshOf(t, [await nobody()]);
    const seen: unknown[] = [];
    const fallback = (error: unknown) => {
      seen.push(error);
      return { status: 203, headers: { 'Inmesh-Fallback': 'mine' }, body: 'none for now' };
    };
    for (const [method, body] of [['GET'], ['POST', 'hello']] as const) {
      assert.deepEqual(await ask(mesh, { fallback }, method, body), {
        status: 203,
        text: 'none for now',
        from: 'mine',
      });
    }
    assert.deepEqual(
      seen.map((error) => (error as NodeJS.ErrnoException).code),
      ['UNAVAILABLE', 'UNAVAILABLE'],
    );
  });

  test(`${door}: a fallback gives the answer of another request, and of fetch`, async (t) => {
    const other = await serve(t, (_, response) => response.end('from the replica'));
    const mesh = await createMesh({
      service: 'checkout',
      registry: { fixed: { orders: [await nobody()], replica: [other.url] } },
    });
    t.after(() => mesh.close({ timeoutMs: 0 }));
    const ours = await ask(mesh, { fallback: () => mesh.request('http://replica/a') });
    assert.deepEqual([ours.status, ours.text], [200, 'from the replica']);
    const fetched = await ask(mesh, { fallback: () => fetch(other.url) });
    assert.deepEqual([fetched.status, fetched.text], [200, 'from the replica']);
  });

  test(`${door}: a fallback that fails, or gives no answer, leaves the first error`, async (t) => {
    const mesh = await meshOf(t, [await nobody()]);
    const bad = [
      () => {
        throw new Error('mine');
      },
      () => Promise.reject(new Error('mine')),
      (() => 'no answer') as never,
      (() => undefined) as never,
      () => ({ status: 99 }),
    ];
    for (const fallback of bad) {
      await assert.rejects(ask(mesh, { fallback }), (error) => /ECONNREFUSED|connect/.test(meshErrorOf(error).message));
    }
  });

  test(`${door}: a strategy of its own is followed, and failsafe is an empty 204 also of what has a body`, async (t) => {
    let asked = 0;
    const sick = await serve(t, (_, response) => {
      asked++;
      response.writeHead(503).end();
    });
    const mesh = await meshOf(t, [sick.url]);
    assert.equal((await ask(mesh, { strategy: 'failfast' })).status, 503);
    assert.equal(asked, 1);
    for (const [method, body] of [['GET'], ['POST', 'hello']] as const) {
      assert.deepEqual(await ask(mesh, { strategy: 'failsafe' }, method, body), {
        status: 204,
        text: '',
        from: 'failsafe',
      });
    }
  });

  test(`${door}: idempotent, timeout, priority and classify are those of the call`, async (t) => {
    let asked = 0;
    const sick = await serve(t, (_, response) => {
      if (++asked < 3) response.writeHead(503).end();
      else if (asked === 3) response.end('third');
    });
    const mesh = await meshOf(t, [sick.url, sick.url.replace('127.0.0.1', 'localhost')]);
    const third = await ask(mesh, { idempotent: true, priority: 'critical' }, 'POST', 'hello');
    assert.deepEqual([third.status, third.text, asked], [200, 'third', 3]);
    await assert.rejects(ask(mesh, { timeout: '80ms' }), (error) => /80ms are up/.test(meshErrorOf(error).message));

    const well = await serve(t, (_, response) => response.end('no'));
    const judged = await meshOf(t, [well.url], { defaults: { retry: { attempts: 1 } } });
    const outcomes: string[] = [];
    judged.on((event) => event.type === 'call' && outcomes.push(event.outcome));
    await ask(judged, { classify: () => 'failure' });
    await ask(judged, {});
    assert.deepEqual(outcomes, ['failure', 'success']);
  });

  test(`${door}: what can not be said of a call is refused, with what there is`, async (t) => {
    const mesh = await meshOf(t, [await nobody()]);
    await assert.rejects(ask(mesh, { retries: 3 } as never), (error) => {
      const { code, message } = meshErrorOf(error);
      assert.equal(code, 'INVALID_ARGUMENT');
      assert.match(message, /has no option 'retries'; there are .*fallback, strategy, classify/);
      return true;
    });
    await assert.rejects(ask(mesh, { strategy: 'sometimes' as never }), (error) => {
      assert.match(meshErrorOf(error).message, /strategy is of the wrong kind/);
      return true;
    });
  });
}

test('an answer of the policy stands in for a request that has a body as well', async (t) => {
  const fallback = { mode: 'answer', answer: { status: 202, body: 'later' } } as const;
  const mesh = await meshOf(t, [await nobody()], { defaults: { fallback } });
  for (const [door, ask] of DOORS) {
    const { status, text } = await ask(mesh, {}, 'POST', 'hello');
    assert.deepEqual([status, text], [202, 'later'], door);
  }
});
