import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshEvent } from '../../src/core/events.ts';
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
  assert.equal(message, 'orders: An endpoint is left out for a while.');
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
