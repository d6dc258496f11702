import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Pool } from 'undici';
import { start } from '../../support/processes.ts';
import type { OverloadedSaid, OverloadedSettings } from '../programs/overloaded.ts';

const CALLERS = 64; // eight times what can be worked on at once
const CALLS = 40; // of each

interface Answered {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** Callers that ask again as soon as they have an answer; of every eight the first is critical, the last sheddable. */
async function overload(t: TestContext, shed: OverloadedSettings['shed']) {
  const program = start(t, 'overloaded', { shed });
  const { url } = await program.said<{ url: string }>('url');
  const pool = new Pool(url, { connections: CALLERS, pipelining: 1 });
  t.after(() => pool.destroy());
  const answers: Record<string, Answered[]> = { critical: [], default: [], sheddable: [] };
  const caller = async (_: unknown, at: number): Promise<void> => {
    const priority = ['critical', ...Array.from({ length: 6 }, () => 'default'), 'sheddable'][at % 8]!;
    const headers = { baggage: `inmesh.priority=${priority}` };
    for (let call = 0; call < CALLS; call++) {
      const { statusCode, headers: said, body } = await pool.request({ path: '/', method: 'GET', headers });
      await body.dump();
      answers[priority]!.push({ status: statusCode, headers: said });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  for (;;) {
    program.tell({});
    const said = await program.said<OverloadedSaid>('served');
    if (said.left === 0) return { answers, said }; // until then the last answers have not left
  }
}

const count = (answers: readonly Answered[], status: number): number =>
  answers.filter((answer) => answer.status === status).length;

test('of far too many requests some are served and all others refused with a nack, those that are critical last', async (t) => {
  const { answers, said } = await overload(t, { mode: 'enforce', limit: 16 });
  const all = Object.values(answers).flat();
  const refused = all.filter(({ status }) => status === 503);
  assert.equal(all.length, CALLERS * CALLS);
  assert.deepEqual([said.served, said.refused], [count(all, 200), refused.length]);
  assert.equal(said.served + said.refused, all.length, 'every request was served or refused, once');
  assert.ok(refused.length > 0);
  for (const { headers } of refused) {
    assert.equal(headers['finagle-http-nack'], 'true');
    assert.equal(headers['retry-after'], '1');
    assert.equal(headers['content-type'], 'application/problem+json');
  }
  // Eight critical callers fit into the sixteen places that are theirs alone.
  assert.equal(count(answers.critical!, 200), answers.critical!.length);
  assert.ok(said.peak <= 24, `${said.peak} at once`);
});

test('a limit that is learnt stays within its bounds on real sockets, and every request is answered', async (t) => {
  const { answers, said } = await overload(t, {
    mode: 'enforce',
    limit: 40,
    algorithm: 'gradient',
    queue: 8,
    lag: '50ms',
  });
  const all = Object.values(answers).flat();
  assert.deepEqual([said.served, said.refused], [count(all, 200), count(all, 503)]);
  assert.equal(said.served + said.refused, all.length);
  assert.ok(said.limit >= 1 && said.limit <= 40, `${said.limit}`);
  assert.ok(said.peak <= 80, `${said.peak}`);
});
