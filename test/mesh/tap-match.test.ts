import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { Mesh } from '../../src/mesh/mesh.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { answer, FakeRegistry, testEnv } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

const well = () => answer(200);

test('what is wanted may be said as data: all of it has to be true', async () => {
  const { mesh, env } = await aMesh();
  const cases = [
    [{ outcome: 'failure' }, ['/503', '/late']],
    [{ status: '5xx' }, ['/503']],
    [{ status: 200 }, ['/200']],
    [{ reason: 'deadline' }, ['/late']],
    [{ slowerThan: '90ms' }, ['/late']],
    [{ method: 'POST' }, ['/late']],
    [{ route: 'list' }, ['/200']],
    [{ attempts: 2 }, []],
    [{ endpoint: '10.0.0.9:3000' }, []],
    [{ outcome: 'failure', method: 'GET' }, ['/503']],
    [{}, ['/200', '/503', '/late']],
  ] as const;
  const taps = cases.map(([match]) => mesh.tap({ match }));
  await mesh.call('orders', well, { method: 'GET', path: '/200', route: 'list' });
  await mesh.call('orders', () => answer(503), { method: 'GET', path: '/503', idempotent: false });
  const late = assert.rejects(
    mesh.call('orders', () => new Promise(() => {}), { method: 'POST', path: '/late', timeout: '100ms' }),
  );
  await env.clock.advance(100);
  await late;
  await mesh.close();
  for (const [at, [match, paths]] of cases.entries()) {
    const found: (string | null)[] = [];
    for await (const { path } of taps[at]!) found.push(path);
    assert.deepEqual(found, paths, JSON.stringify(match));
  }
});

test('what is not usable is refused, with what there is', async () => {
  const { mesh } = await aMesh();
  for (const [options, message] of [
    [{ servce: 'orders' }, /^a tap has no option 'servce'; there are service, match, buffer, headers/],
    [{ service: 'or ders' }, /^a service name must be/],
    [{ buffer: 0 }, /^tap\.buffer must be a whole number from 1 to 10000, got 0/],
    [{ match: 'failure' }, /^tap\.match: match must be an object or a function, got 'failure'/],
    [{ match: { outcom: 'failure' } }, /^tap\.match: no such word 'outcom'; there are outcome, /],
    [{ match: { outcome: 'bad' } }, /^tap\.match: outcome must be one of success, failure, none, got 'bad'/],
    [{ match: { slowerThan: 100 } }, /^tap\.match: slowerThan must be a duration such as '250ms', got 100/],
    [{ match: { status: '6xx' } }, /^tap\.match: status must be a status such as 503 or '5xx', got '6xx'/],
    [{ headers: 'x-a' }, /^tap\.headers must be a list of names/],
    [null, /^the options of a tap must be an object, got null/],
  ] as const) {
    assert.throws(
      () => mesh.tap(options as never),
      (error) => MeshError.is(error) && error.reason === 'request' && message.test(error.message),
    );
  }
  await mesh.close();
  const bare = new Mesh('checkout', testEnv(), new FakeRegistry().client(), new PolicySet({}), {});
  assert.throws(() => bare.tap(), /^MeshError: tap needs a mesh made by createMesh/);
  await bare.close();
});
