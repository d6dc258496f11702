import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { ensure, PROMTOOL } from '../../../scripts/programs.ts';
import { parseExposition } from '../../telemetry/exposition.ts';
import { everything } from '../../telemetry/world.ts';

test('promtool finds nothing to say about the text', async () => {
  ensure(PROMTOOL);
  const { mesh } = await everything({ prometheus: true, endpointLabels: true });
  const input = mesh.metrics();
  assert.ok(parseExposition(input).size > 20);
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  assert.equal(`${stdout}${stderr}`, '');
  assert.equal(status, 0);
});
