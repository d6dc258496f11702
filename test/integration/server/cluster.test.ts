import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agent, request } from 'undici';
import { start } from '../../support/processes.ts';

const LANES = 8;

test('workers of node:cluster that leave give back the connections that they were sent too late, and none is lost', async (t) => {
  const program = start(t, 'clustered');
  const { port, workers } = await program.said<{ port: number; workers: number[] }>('port');
  const each = new Agent({ pipelining: 0, headersTimeout: 10_000 }); // a connection for each request
  t.after(() => each.close());
  const served = new Set<string>();
  let over = false;
  const lane = async (): Promise<void> => {
    while (!over) {
      const { statusCode, body } = await request(`http://127.0.0.1:${port}`, { dispatcher: each });
      assert.equal(statusCode, 200);
      served.add(await body.text());
    }
  };
  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  while (served.size < workers.length) await new Promise(setImmediate);
  const leavers = workers.slice(1); // at once: each has one connection at most on its way
  for (const leaver of leavers) process.kill(leaver, 'SIGTERM');
  for (const _ of leavers) assert.equal((await program.said<{ ended: string }>('ended')).ended, 'SIGTERM');
  over = true;
  await lanes;
});
