import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/run.ts';
import type { Context } from '../../src/core/context.ts';
import { History } from '../../src/core/context.ts';
import { MeshError } from '../../src/core/errors.ts';
import { Limits } from '../../src/core/limits.ts';
import { Scope } from '../../src/core/scope.ts';
import type { Service } from '../../src/core/service.ts';
import { limit } from '../../src/filters/limit.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import { shed } from '../../src/server/shed.ts';
import { Shedding } from '../../src/server/shedding.ts';
import { aContext } from '../../src/testing/context.ts';
import { type TestEnv, testEnv } from '../../src/testing/env.ts';
import { admissionLaws, type Door } from '../laws/admission.ts';

/** Puts a filter in front of something that is done when it is told to be. */
function doorOf(
  policy: PolicySections,
  around: (env: TestEnv, next: Service<Arrival, string>) => Service<Arrival, string>,
  counts: () => readonly [number, number],
  env: TestEnv,
): Door {
  const inside: Door['inside'] = [];
  const came: string[] = [];
  const service = around(
    env,
    (request) =>
      new Promise((resolve, reject) => {
        const { path: name } = request;
        inside.push({ name, end: (error) => (error === undefined ? resolve('done') : reject(error)) });
      }),
  );
  const ask: Door['ask'] = (name, priority = 'default') => {
    const scope = new Scope();
    const history = new History(undefined, priority);
    const context: Context = { ...aContext({ policy }), begunAt: env.clock.now(), history, scope };
    service({ path: name } as Arrival, context).then(
      (value) => came.push(`${name} ${value}`),
      (error) => came.push(`${name} ${MeshError.is(error) ? 'refused' : error.message}`),
    );
    return scope;
  };
  return { env, ask, inside, came, counts };
}

admissionLaws('limit', ({ limit: service, ...more }) => {
  const env = testEnv();
  const limits = new Limits(env, () => true);
  const counts = () => [limits.admission.inFlight, limits.admission.queued] as const;
  return doorOf({ limit: { service, ...more } }, (env, next) => limit<Arrival, string>(env, limits)(next), counts, env);
});

admissionLaws('shed', ({ limit, ...more }) => {
  const env = testEnv();
  const shedding = new Shedding(env);
  const counts = () => [shedding.admission.inFlight, shedding.admission.queued] as const;
  const policy = { shed: { mode: 'enforce', limit, ...more } } as const;
  return doorOf(policy, (env, next) => shed<string>(env, shedding)(next), counts, env);
});

test('whatever counts who is inside goes through these laws', () => {
  const src = join(root, 'src');
  const users = globSync('**/*.ts', { cwd: src }).filter((file) =>
    readFileSync(join(src, file), 'utf8').includes('new Admission('),
  );
  assert.deepEqual(users.toSorted(), [join('core', 'limits.ts'), join('server', 'shedding.ts')]);
});
