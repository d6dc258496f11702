import assert from 'node:assert/strict';
import { test } from 'node:test';
import { events, type MeshEvent } from '../../src/core/events.ts';
import { sayEvent } from '../../src/telemetry/log-sentences.ts';
import type { Logger } from '../../src/telemetry/logger.ts';
import { refused } from '../../src/testing/script.ts';
import { aMesh } from '../support/mesh.ts';
import { unheardIn } from '../support/unheard.ts';

function aLogger(): { logger: Logger; told: [keyof Logger, MeshEvent, string][] } {
  const told: [keyof Logger, MeshEvent, string][] = [];
  const write = (level: keyof Logger) => (facts: object, message: string) =>
    void told.push([level, facts as MeshEvent, message]);
  return { told, logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') } };
}

test('a logger hears what happens, each thing by its weight, and nothing of each call', async () => {
  const { logger, told } = aLogger();
  const { mesh, env } = await aMesh({ telemetry: { logger }, policy: { defaults: { outlier: { failures: 1 } } } });
  const outcome = mesh.call('orders', () => Promise.reject(refused())).catch(() => {});
  await env.clock.advance(1_000);
  await outcome;
  assert.throws(() => mesh.setPolicy({ defaults: { retry: { attempts: 99 } } } as never));
  mesh.setPolicy({});
  await mesh.close();
  const heard = new Set(told.map(([level, { type }]) => `${level} ${type}`));
  assert.deepEqual(
    [...heard].sort(),
    [
      'debug endpoints',
      'debug retry',
      'error policy',
      'info leaving',
      'info policy',
      'warn ejected',
      'warn panic',
    ].sort(),
  );
  const [, facts, message] = told.find(([, { type }]) => type === 'ejected')!;
  assert.match(message, /^orders: 10\.0\.0\.\d:3000 is left out for \d[\w.]*, after a failure$/);
  assert.ok(facts.type === 'ejected' && facts.failures === 1);
});

test('a logger that throws harms nobody', async () => {
  const broken = () => {
    throw new Error('its own fault');
  };
  const { mesh } = await aMesh({ telemetry: { logger: { debug: broken, info: broken, warn: broken, error: broken } } });
  assert.equal(await mesh.call('orders', () => 1), 1);
  await mesh.close();
});

test('a logger that is async and fails ends no process', async (t) => {
  const unheard = unheardIn(t);
  const fails = async (): Promise<void> => {
    throw new Error('its own fault');
  };
  const { mesh } = await aMesh({ telemetry: { logger: { debug: fails, info: fails, warn: fails, error: fails } } });
  mesh.setPolicy({});
  assert.equal(await unheard(), 0);
  await mesh.close();
});

test('a sentence says which of two things it was, and of whom', () => {
  const at = { at: 0, service: 'orders' };
  for (const [event, sentence] of [
    [
      { ...at, type: 'registry', stale: true, error: '10.0.0.1:2181: ECONNREFUSED' },
      'orders: the registry can not be asked, what was known stands: 10.0.0.1:2181: ECONNREFUSED',
    ],
    [{ ...at, type: 'registry', stale: false, error: '' }, 'orders: the registry can be asked again'],
    [
      { ...at, type: 'session', state: 'suspended', problem: 'the server closed the connection' },
      'orders: the session with the registry is suspended: the server closed the connection',
    ],
    [
      { ...at, type: 'credentials', what: 'certificate', issuer: '', problem: 'ca: ENOENT' },
      'orders: our certificate can not be used as found, what was there before stands: ca: ENOENT',
    ],
    [
      { ...at, type: 'credentials', what: 'issuer', issuer: 'pay', problem: '' },
      'orders: the keys of pay can be used again',
    ],
    [{ ...at, type: 'leaving', step: 'drained', ms: 1_000.4, problem: '' }, 'orders: drained after 1s'],
    [
      { ...at, type: 'fault', route: '', problem: 'Error: no such table\n    at read (file.ts:1)' },
      'orders: a handler threw: Error: no such table',
    ],
    [{ ...at, type: 'record', id: 'a\u001b[31m\nb', problem: '' }, 'orders: the record a?[31m?b can not be read'],
    [{ ...at, type: 'retry-budget', route: '', left: 0 } as unknown as MeshEvent, `orders: ${events['retry-budget']}`],
  ] as const) {
    assert.equal(sayEvent(event as MeshEvent), sentence);
  }
});

test('a handler that throws is an error, since the caller is told nothing', async () => {
  const { logger, told } = aLogger();
  const { mesh, env } = await aMesh({ telemetry: { logger } });
  env.events.emit({ at: 0, service: 'checkout', type: 'fault', route: '', problem: 'Error: slip' });
  assert.deepEqual(
    told.map(([level, , message]) => [level, message]),
    [['error', 'checkout: a handler threw: Error: slip']],
  );
  await mesh.close();
});
