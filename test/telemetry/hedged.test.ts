import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/core/call.ts';
import { answer } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeTarget } from './log-target.ts';

test('of two attempts at once the access log names the endpoint that answered, and counts both', async () => {
  for (const slow of [1, 2]) {
    const to = new FakeTarget();
    const { mesh, env } = await aMesh({
      policy: { defaults: { hedge: { mode: 'delay', delay: '50ms', budget: 1 } } },
      telemetry: {
        accessLog: { to, format: '%UPSTREAM_HOST% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %RESPONSE_CODE% %DURATION%\n' },
      },
    });
    const hosts: string[] = [];
    const call = mesh.call(
      'orders',
      ({ attempt, endpoint }: Attempt) => {
        hosts.push(endpoint.address);
        return new Promise((resolve) => env.clock.schedule(attempt === slow ? 500 : 80, () => resolve(answer(200))));
      },
      { method: 'GET' },
    );
    await env.clock.advance(1_000);
    await call;
    const closing = mesh.close();
    await env.clock.advance(10_000);
    await closing;
    assert.equal(to.lines.join('').trim(), `${hosts[slow === 1 ? 1 : 0]} 2 200 ${slow === 1 ? 130 : 80}`);
  }
});
