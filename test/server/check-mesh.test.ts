import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { meshExpress } from '../../src/express.ts';
import { meshPlugin } from '../../src/fastify.ts';
import { meshHono } from '../../src/hono.ts';
import { meshKoa } from '../../src/koa.ts';
import { createMesh } from '../../src/mesh/create.ts';

const adapters: Readonly<Record<string, (mesh: never) => unknown>> = {
  meshExpress,
  meshHono,
  meshKoa,
  meshPlugin: (mesh) => fastify().register(meshPlugin, { mesh }).ready(),
};

/** What an adapter says of what it was given as a mesh. */
const said = async (adapter: (mesh: never) => unknown, given: unknown): Promise<string> => {
  try {
    await adapter(given as never);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

for (const [name, adapter] of Object.entries(adapters)) {
  test(`${name} refuses what is no mesh where it is put in front, and knows a mesh that was not awaited`, async (t) => {
    const made = createMesh({ service: 'shop', registry: { fixed: {} } });
    t.after(async () => (await made).close());
    const promise = `${name} needs a mesh, got a promise of one (await createMesh(…)) (INVALID_ARGUMENT: request)`;
    assert.equal(await said(adapter, made), promise);
    assert.equal(await said(adapter, undefined), `${name} needs a mesh, got undefined (INVALID_ARGUMENT: request)`);
    assert.equal(await said(adapter, {}), `${name} needs a mesh, got object (INVALID_ARGUMENT: request)`);
    assert.equal(await said(adapter, await made), '');
  });
}

test('Fastify is told so also where nothing was given to the plugin', async () => {
  const bare = fastify().register(meshPlugin as never);
  await assert.rejects(async () => bare.ready(), /meshPlugin needs a mesh, got undefined/);
});
