import assert from 'node:assert/strict';
import { test } from 'node:test';
import Opossum from 'opossum';
import { FakeRegistry } from '../../src/testing.ts';
import { aMesh } from '../support/mesh.ts';

const make = () => new Opossum(async () => 'theirs', { timeout: false, enableSnapshots: false });

test('a breaker that is given twice is refused, for two services and for two routes of one', async () => {
  const breaker = make();
  await assert.rejects(aMesh({ circuits: { orders: breaker, stock: breaker } }), {
    code: 'INVALID_ARGUMENT',
    message: /circuits\.stock is the breaker of circuits\.orders: each guards one/,
  });
  await assert.rejects(
    aMesh({ circuits: { orders: { place: breaker, '*': breaker } } }),
    /circuits\.orders\.\* is the breaker of circuits\.orders\.place/,
  );
  breaker.shutdown();
});

test('a breaker that another mesh of this process has is refused, until that one is closed', async () => {
  const breaker = make();
  const { mesh } = await aMesh({ circuits: { orders: { place: breaker } } });
  await assert.rejects(aMesh({ circuits: { stock: make(), orders: breaker } }), {
    code: 'INVALID_ARGUMENT',
    message: /^createMesh: circuits\.orders is a breaker that another mesh of this process has/,
  });
  await assert.rejects(aMesh({ circuits: { orders: breaker } }), /another mesh/, 'still');
  await mesh.close();
  const again = await aMesh({ circuits: { orders: breaker } });
  await again.mesh.close();
  breaker.shutdown();
});

test('a mesh that can not be made lets go of the breakers that it was given', async () => {
  const breaker = make();
  const registry = Object.assign(new FakeRegistry().client(), {});
  const stacks = {
    cluster: () => {
      throw new TypeError('a slip');
    },
  };
  await assert.rejects(aMesh({ circuits: { orders: breaker }, registry, stacks }), /a slip/);
  const { mesh } = await aMesh({ circuits: { orders: breaker } });
  await mesh.close();
  breaker.shutdown();
});
