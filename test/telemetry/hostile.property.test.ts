import assert from 'node:assert/strict';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { test } from 'node:test';
import { fc } from '../support/fast-check.ts';
import { aMesh } from '../support/mesh.ts';
import { FakeArrival } from './arrival.ts';
import { parseExposition } from './exposition.ts';
import { FakeTarget } from './log-target.ts';

const NAMES = [
  ...['traceparent', 'tracestate', 'baggage', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-b3-sampled', 'x-b3-flags'],
  ...['x-request-id', 'grpc-timeout', 'x-envoy-expected-rq-timeout-ms', 'host', 'user-agent', 'x-forwarded-for'],
] as const;
const ID = /^[0-9a-f]{16}$/;
const CONTROL = fc.constantFrom(
  '\r\n',
  '\n',
  '\u0000',
  '\u001b[2J',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ud800',
  '"',
  '\\',
  ',',
  '=',
);

/** What somebody writes who would break a log, a header or a terminal; now and then it is nearly right. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.oneof(CONTROL, fc.string({ maxLength: 8 })), { maxLength: 8 }).map((parts) => parts.join('')),
  fc.tuple(fc.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/), CONTROL).map((parts) => parts.join('')),
  fc.tuple(fc.stringMatching(/^[a-z]{1,3}=[!-+]{1,3}$/), CONTROL, fc.constant('x=1')).map((parts) => parts.join('')),
  fc.stringMatching(/^[0-9a-f]{32}-[0-9a-f]{16}-1$/),
  fc.stringMatching(ID),
  fc.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/),
);
const headers = fc.dictionary(fc.constantFrom(...NAMES), hostile, { maxKeys: NAMES.length, noNullPrototype: true });

test('nothing that strangers write stands in a log, a metric or a header as it should not', async () => {
  const logs = { envoy: new FakeTarget(), json: new FakeTarget() };
  const heard: string[] = [];
  const write = (_: object, message: string): void => void heard.push(message);
  const worlds = await Promise.all(
    (['envoy', 'json'] as const).map((format) =>
      aMesh({
        policy: { defaults: { trace: { formats: ['w3c', 'b3', 'b3-multi'] }, propagate: { deadline: 'grpc' } } },
        telemetry: {
          prometheus: true,
          logger: { debug: write, info: write, warn: write, error: write },
          accessLog: { format, to: logs[format], headers: NAMES },
        },
      }),
    ),
  );
  let [requests, calls] = [0, 0];
  const seen = { traces: new Set<string>(), states: 0, baggage: 0, ids: 0 };
  await fc.assert(
    fc.asyncProperty(hostile, hostile, headers, async (method, path, sent) => {
      for (const { mesh } of worlds) {
        requests++;
        const arrival = new FakeArrival(
          'GET /',
          async (_, own) => {
            calls++;
            const options = { method: 'GET', path: `/${path}`, headers: { 'x-forwarded-for': path } };
            await mesh.call('orders', ({ headers: { 'x-forwarded-for': _, ...ours } }) => check(ours), options);
            own.answer(200);
          },
          { headers: sent },
        );
        Object.assign(arrival, { method, path });
        await mesh.receive(arrival).catch(() => {});
      }
    }),
    { numRuns: 500 },
  );
  for (const { mesh } of worlds) {
    assert.ok(parseExposition(mesh.metrics()).size > 0);
    await mesh.close({ drainMs: 0 });
  }
  for (const [format, to] of Object.entries(logs)) {
    for (const line of to.lines) assert.match(line, /^[\x20-\x7e]+$/);
    if (format === 'json') for (const line of to.lines) JSON.parse(line);
  }
  assert.equal(logs.envoy.lines.length + logs.json.lines.length, requests + calls);
  for (const message of heard) assert.match(message, /^[\x20-\x7e’]*$/);
  assert.ok(calls > 0 && seen.traces.size > 0 && seen.ids > 0 && seen.states + seen.baggage > 0, 'some of it goes on');

  /** All that goes with a call is as HTTP has it, in plain signs; what goes on is there now and then. */
  function check(ours: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(ours)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      assert.match(value, /^[\t\x20-\x7e]*$/, name);
    }
    assert.match(ours.traceparent!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$/);
    seen.traces.add(ours.traceparent!.slice(3, 35));
    if (ours.tracestate !== undefined) seen.states++;
    if (ours.baggage !== undefined) seen.baggage++;
    if (ours['x-request-id'] !== undefined) seen.ids++;
  }
});
