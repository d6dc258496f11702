import assert from 'node:assert/strict';
import { test } from 'node:test';
import { node, root } from '../../scripts/run.ts';
import { metrics } from '../../src/telemetry/metrics.ts';
import { type OtlpReceiver, type ReceivedSpan, receiveOtlp } from '../support/otlp.ts';

const CONTENT = { 'http/protobuf': 'application/x-protobuf', 'http/json': 'application/json' };
const KINDS = ['', 'internal', 'server', 'client'];

/** Runs the example against a receiver of its own. */
async function told(env: Readonly<Record<string, string>>, look: (receiver: OtlpReceiver) => void): Promise<void> {
  await using receiver = await receiveOtlp();
  const ended = await node(['--import', './test/docs/self.ts', 'examples/with-opentelemetry.ts'], {
    cwd: root,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env },
    longestMs: 60_000,
  });
  assert.equal(ended.code, 0, ended.output);
  look(receiver);
}

/** A trace as text: each span below the one that it belongs to. */
function drawn(spans: readonly ReceivedSpan[], parent = '', depth = 0): string[] {
  return spans
    .filter(({ parentId }) => parentId === parent)
    .flatMap((span) => [
      `${'  '.repeat(depth)}${KINDS[span.kind]} ${span.name}`,
      ...drawn(spans, span.spanId, depth + 1),
    ]);
}

for (const [protocol, content] of Object.entries(CONTENT)) {
  test(`spans and metrics of three services come to a receiver of OTLP, by ${protocol}`, () =>
    told({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol }, ({ spans, metrics: measured, types }) => {
      assert.deepEqual([...types], [content]);
      assert.deepEqual(drawn(spans), [
        'internal mesh.call orders',
        '  client GET',
        '    server GET',
        '      internal mesh.call stock',
        '        client GET',
        '          server GET',
      ]);
      assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
      const [attempt] = spans.filter(({ kind, parentId }) => kind === 3 && parentId === spans.find(isRoot)!.spanId);
      assert.equal(attempt!.attributes['inmesh.service'], 'orders');
      assert.equal(attempt!.attributes['http.response.status_code'], 200);
      assert.match(String(attempt!.attributes['url.full']), /^http:\/\/127\.0\.0\.1:\d+\/orders\/42$/);
      for (const { resource } of [...spans, ...measured]) {
        assert.equal(resource['service.name'], 'shop');
        assert.equal(resource['service.version'], '1.0.0');
        assert.match(String(resource['service.instance.id']), /^[\da-f-]{36}$/);
        assert.equal(resource['telemetry.sdk.language'], 'nodejs');
      }
      const duration = measured.find(({ name }) => name === 'inmesh.call.duration')!;
      assert.equal(duration.unit, 's');
      assert.deepEqual(duration.boundaries, metrics['inmesh.call.duration'].boundaries);
      const called = measured.filter(({ name }) => name === 'inmesh.picks').flatMap(({ points }) => points);
      assert.deepEqual(called.map((point) => point['inmesh.service']).sort(), ['orders', 'stock']);
    }));
}

const isRoot = ({ parentId }: ReceivedSpan): boolean => parentId === '';

test('the environment outranks the code, as everywhere in OpenTelemetry', () =>
  told({ OTEL_SERVICE_NAME: 'renamed', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' }, ({ spans }) => {
    for (const { resource } of spans) {
      assert.equal(resource['service.name'], 'renamed');
      assert.equal(resource['deployment.environment.name'], 'test');
    }
    assert.equal(spans.length, 6);
  }));

test('switched off by the environment, nothing is sent', () =>
  told({ OTEL_SDK_DISABLED: 'true' }, ({ spans, metrics: measured }) => {
    assert.deepEqual([spans, measured], [[], []]);
  }));
