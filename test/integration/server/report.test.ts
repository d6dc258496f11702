import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { createMesh } from '../../../src/mesh/create.ts';
import { parseOrca } from '../../../src/wire/orca.ts';

test('an instance tells with its answer how busy it is', async (t) => {
  const policy = { defaults: { report: { load: 'orca' } } } as const;
  const mesh = await createMesh({ service: 'shop', registry: { fixed: {} }, policy });
  t.after(() => mesh.close({ drainMs: 0 }));
  const { instance } = await mesh.serve(createServer(mesh.handler(() => new Response('sold'))), {
    bind: '127.0.0.1',
    host: '127.0.0.1',
  });
  const { headers } = await fetch(`http://127.0.0.1:${instance.port}`);
  const { applicationUtilization, rps } = parseOrca(headers.get('endpoint-load-metrics') ?? undefined)!;
  assert.ok(applicationUtilization! >= 0 && applicationUtilization! <= 1);
  assert.equal(rps, 1);
});
