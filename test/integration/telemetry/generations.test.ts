import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { node, root } from '../../../scripts/run.ts';
import { testFiles } from '../../../scripts/test.ts';

// Everything else that knows of OpenTelemetry is tested with the generation that stands in package.json. Here all of it is
// once more, with the next one.

const USE = `--import=${new URL('../../support/otel-3/use.ts', import.meta.url).href}`;
const env = { NODE_OPTIONS: [process.env.NODE_OPTIONS, USE].join(' ').trim() }; // for what tests start, too

const files = [
  ...globSync('test/telemetry/*.test.ts', { cwd: root }),
  'test/conformance/http-telemetry.test.ts',
  'test/conformance/trace-context.test.ts',
  'test/examples/opentelemetry.test.ts',
  'test/integration/telemetry/serving.test.ts',
  'test/integration/telemetry/wire.test.ts',
];

test('all that is tested of telemetry is so with API 1.10 and SDK 3, too', async () => {
  const source = `for (const name of ['api', 'sdk-trace']) console.log(import.meta.resolve('@opentelemetry/' + name));`;
  const resolved = await node(['--input-type=module', '-e', source], { env });
  assert.match(
    resolved.output,
    /otel-3\/node_modules\/@opentelemetry\/api\/.*\n.*otel-3\/node_modules\/@opentelemetry\/sdk-trace\//,
  );
  const { passed, failed, problem, failing } = await testFiles(files, { env, jobs: 1 });
  assert.deepEqual([failed, problem], [0, undefined], failing);
  assert.ok(passed > 80, `${passed}`);
});
