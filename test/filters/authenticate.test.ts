import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call } from '../../src/core/call.ts';
import { MeshError } from '../../src/core/errors.ts';
import type { Identity } from '../../src/core/identity.ts';
import { Scope } from '../../src/core/scope.ts';
import { authenticate } from '../../src/filters/authenticate.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { aContext, type ContextOptions, testEnv } from '../../src/testing.ts';

/** An identity whose tokens are numbered, and that writes down what it was asked. */
function numbered(more: Partial<Identity> = {}) {
  const asked: string[] = [];
  let last = 1;
  const identity: Partial<Identity> = {
    token: (audience, lifetimeMs) => {
      asked.push(`token ${audience} ${lifetimeMs}`);
      return `t${last}`;
    },
    renew: async (audience, _, refused) => {
      asked.push(`renew ${audience} ${refused}`);
      return `t${++last}`;
    },
    sign: ({ service, method, path, digest }) => ({ signature: `${service} ${method} ${path} ${digest ?? '-'}` }),
    ...more,
  };
  return { identity: identity as Identity, asked };
}

interface World {
  readonly identity?: Identity;
  readonly policy: NonNullable<PolicySections['authenticate']>;
  readonly context?: ContextOptions;
}

/** Sends a call through the filter; `answers` come in turn for what arrives, and `seen` are the tokens of each. */
async function go(
  { identity, policy, context = {} }: World,
  answers: readonly unknown[],
  call: Partial<Call<unknown>> = {},
) {
  const env = { ...testEnv(), ...(identity && { identity }) };
  const seen: (string | undefined)[] = [];
  const numbers: number[] = [];
  const whole = aContext({ policy: { authenticate: policy }, ...context });
  const filter = authenticate<unknown>(env)((arrived, { attempt, history }) => {
    history.attempts++;
    seen.push(arrived.headers.authorization);
    numbers.push(attempt);
    const answer = answers[seen.length - 1];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  });
  const headers = {};
  const result = await filter({ send: () => {}, method: 'GET', path: '/x', headers, ...call }, whole).then(
    (value) => ({ value, error: undefined }),
    (error) => ({ value: undefined, error }),
  );
  return { ...result, seen, numbers };
}

const status = (code: number) => ({ status: code, headers: {} });
const OK = status(200);

test('when it is off, a call goes on as it is', () => {
  const call = { send: () => 1, method: undefined, path: undefined, headers: {} };
  const context = aContext();
  const answer = Promise.resolve(1);
  const filter = authenticate<number>(testEnv())((arrived, known) => {
    assert.equal(arrived, call);
    assert.equal(known, context);
    return answer;
  });
  assert.equal(filter(call, context), answer);
});

test('a token for the service called goes along, and the call of who called is not written to', async () => {
  const { identity, asked } = numbered();
  const headers = Object.freeze({ accept: 'text/plain' });
  const { value, seen } = await go({ identity, policy: { mode: 'token' } }, [OK], { headers });
  assert.deepEqual([value, seen, asked], [OK, ['Bearer t1'], ['token orders 300000']]);
  assert.deepEqual(headers, { accept: 'text/plain' });
});

test('the policy says for whom a token is, and for how long', async () => {
  const { identity, asked } = numbered();
  await go({ identity, policy: { mode: 'token', audience: 'https://orders.example', lifetime: '1m' } }, [OK]);
  assert.deepEqual(asked, ['token https://orders.example 60000']);
});

test('who calls with an authorization of their own keeps it', async () => {
  const { identity, asked } = numbered();
  const headers = { authorization: 'Bearer mine' };
  const { seen, value } = await go({ identity, policy: { mode: 'token' } }, [status(401)], { headers });
  assert.deepEqual([seen, asked, (value as { status: number }).status], [['Bearer mine'], [], 401]);
});

test('so does who has given one to a client that sends it, such as fetch: none is made, and a 401 is of their own', async () => {
  const { identity, asked } = numbered();
  const request = { headers: { authorization: 'Bearer mine' }, keeper: undefined };
  const { seen, value } = await go({ identity, policy: { mode: 'token' } }, [status(401)], { request });
  assert.deepEqual([seen, asked, (value as { status: number }).status], [[undefined], [], 401]);
});

test('a token that is refused is made anew once, and the call goes again, also one that is not idempotent', async () => {
  const { identity, asked } = numbered();
  const { value, seen, numbers } = await go({ identity, policy: { mode: 'token' } }, [status(401), OK]);
  assert.deepEqual([value, seen, numbers], [OK, ['Bearer t1', 'Bearer t2'], [1, 2]]);
  assert.deepEqual(asked.slice(1), ['renew orders t1']);
});

test('a client that throws for a 401 is understood as well', async () => {
  const { identity } = numbered();
  const thrown = Object.assign(new Error('401'), { response: status(401) });
  const { value, seen } = await go({ identity, policy: { mode: 'token' } }, [thrown, OK]);
  assert.deepEqual([value, seen], [OK, ['Bearer t1', 'Bearer t2']]);
});

test('what is refused twice is answered so, and not tried a third time', async () => {
  const { identity } = numbered();
  const { value, seen } = await go({ identity, policy: { mode: 'token' } }, [status(401), status(401), OK]);
  assert.equal((value as { status: number }).status, 401);
  assert.equal(seen.length, 2);
});

test('where there is no other token to be had, the answer is the one that came, untouched', async () => {
  const letGo: string[] = [];
  const answer = { ...status(401), body: { dump: () => void letGo.push('dumped') } };
  for (const renew of [async () => 't1', () => Promise.reject(new Error('away'))]) {
    const { value, seen } = await go({ identity: numbered({ renew }).identity, policy: { mode: 'token' } }, [
      answer,
      OK,
    ]);
    assert.equal(value, answer);
    assert.equal(seen.length, 1);
  }
  assert.deepEqual(letGo, []);
  await go({ identity: numbered().identity, policy: { mode: 'token' } }, [answer, OK]);
  assert.deepEqual(letGo, ['dumped']); // so that its connection is free
});

test('what can not be sent again, and what is refused for another reason, is not', async () => {
  const { identity, asked } = numbered();
  const world = { identity, policy: { mode: 'token' } } as const;
  await go({ ...world, context: { replayable: false } }, [status(401), OK]);
  for (const answer of [status(403), status(500), new TypeError('mine'), new MeshError('reset', 'gone')]) {
    await go(world, [answer, OK]);
  }
  assert.deepEqual(
    asked.filter((what) => what.startsWith('renew')),
    [],
  );
});

test('without a token the call is not sent, and fails for that reason', async () => {
  const failing = () => Promise.reject(new MeshError('authenticate', 'orders: no token'));
  const { error, seen } = await go({ identity: numbered({ token: failing }).identity, policy: { mode: 'token' } }, [
    OK,
  ]);
  assert.deepEqual([error.reason, error.sent, seen], ['authenticate', 'no', []]);
  const nobody = await go({ policy: { mode: 'token' } }, [OK]);
  assert.match(nobody.error.message, /there is no identity \(UNAUTHENTICATED: authenticate\)$/);
});

test('each attempt is signed as it leaves, in the headers that are its own', async () => {
  const { identity } = numbered();
  const context = aContext({ policy: { authenticate: { mode: 'signature' } } });
  const headers: Record<string, string> = { 'content-digest': 'sha-256=:x:' };
  const filter = authenticate<unknown>({ ...testEnv(), identity })(async ({ send }) => send({ headers } as never));
  await filter({ send: () => OK, method: 'POST', path: '/x?y', headers: {} }, context);
  assert.equal(headers.signature, 'orders POST /x?y sha-256=:x:');
  const request = { headers: { 'content-digest': 'sha-512=:y:' }, keeper: undefined }; // as it will stand on the wire
  await filter({ send: () => OK, method: 'POST', path: '/x', headers: {}, request }, context);
  assert.equal(headers.signature, 'orders POST /x sha-512=:y:');
  await assert.rejects(
    filter({ send: () => OK, method: undefined, path: undefined, headers: {} }, context),
    /only a call that has a method and a path can be signed/,
  );
});

test('a refusal is let go of when the call is called off while another token is made', async () => {
  let dumped = 0;
  const scope = new Scope();
  const { identity } = numbered({
    renew: () => {
      queueMicrotask(() => scope.cancel(new MeshError('caller', 'orders: called off by the caller')));
      return new Promise(() => {});
    },
  });
  const refusal = { ...status(401), body: { dump: () => dumped++ } };
  const { seen } = await go({ identity, policy: { mode: 'token' }, context: { scope } }, [refusal]);
  assert.equal(seen.length, 1);
  assert.equal(dumped, 1);
});
