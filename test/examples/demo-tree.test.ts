import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Line } from '../../examples/demo/text.ts';
import { type Traced, tree } from '../../examples/demo/tree.ts';

const text = (line: Line): string => line.map(([piece]) => piece).join('');
const NAMES: Readonly<Record<string, string>> = { '10.0.0.1:80': 'a', '10.0.0.2:80': 'b', '10.0.0.3:80': 'c' };
const nameOf = (address: string): string => NAMES[address] ?? address;

const place = (host: string, path = '/orders/42') => ({
  'server.address': host,
  'server.port': 80,
  'http.request.method': 'GET',
  'url.full': `http://${host}:80${path}`,
});

const call: Traced = {
  name: 'mesh.call orders',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  atMs: 0,
  ms: 100,
  attributes: { 'inmesh.outcome': 'success', 'inmesh.attempts': 2 },
  attempts: [
    { name: 'GET', atMs: 0, ms: 25, attributes: { ...place('10.0.0.2'), 'error.type': 'ECONNREFUSED' } },
    {
      name: 'GET',
      atMs: 50,
      ms: 50,
      attributes: {
        ...place('10.0.0.3'),
        'http.response.status_code': 200,
        'http.request.resend_count': 1,
        'inmesh.waited_ms': 25,
        'inmesh.passed_over': '1 already tried (10.0.0.2:80), 9 ejected (10.0.0.1:80, 10.0.0.9:80, …)',
      },
    },
  ],
  events: [
    {
      name: 'inmesh.retry',
      atMs: 25,
      attributes: { 'inmesh.attempt': 1, 'inmesh.why': 'ECONNREFUSED', 'inmesh.wait_ms': 24 },
    },
    {
      name: 'inmesh.ejected',
      atMs: 25,
      attributes: { 'inmesh.endpoint': '10.0.0.2:80', 'inmesh.for_ms': 10_000, 'inmesh.reason': 'failures' },
    },
    { name: 'inmesh.circuit', atMs: 100, attributes: { 'inmesh.circuit.state': 'open', 'inmesh.enforced': false } },
  ],
};

test('a call is drawn in the order in which things happened: where, why there, what was waited and what came of it', () => {
  assert.deepEqual(
    tree(call, 80, nameOf)
      .map(text)
      .map((line) => line.trimEnd()),
    [
      'mesh.call orders  success after 2 attempts                                100 ms',
      '├─ attempt to b  ✕ ECONNREFUSED                                            25 ms',
      '│    GET http://10.0.0.2:80/orders/42',
      '├─ ↻ attempt 1 came to ECONNREFUSED: again in 24 ms',
      '├─ ✕ b is left out for 10000 ms: failures',
      '├─ attempt to c  ✓ 200                                                     50 ms',
      '│    GET http://10.0.0.3:80/orders/42, resend 1',
      '│    passed over: 1 already tried (b), 9 ejected (a, 10.0.0.9:80, …)',
      '│    waited 25 ms before it',
      '└─ • circuit: circuit.state open, enforced false',
    ],
  );
});

test('what follows a short attempt is drawn behind it, also where the clock of its span says that it was before', () => {
  const [first, second] = call.attempts;
  const [retry] = call.events;
  const short = { ...call, attempts: [{ ...first!, atMs: 26, ms: 0.7 }, second!], events: [retry!] };
  const lines = tree(short, 80, nameOf).map(text);
  assert.deepEqual(lines.map((line) => /attempt to b|attempt 1 came|attempt to c/.exec(line)?.[0]).filter(Boolean), [
    'attempt to b',
    'attempt 1 came',
    'attempt to c',
  ]);
});

test('where there is room, bars show when each attempt was', () => {
  const bars = tree(call, 120, nameOf)
    .map(text)
    .map((line) => /[━·]{30}/.exec(line)?.[0]);
  assert.equal(bars[0], '━'.repeat(30));
  assert.equal(bars[1], `${'━'.repeat(8)}${'·'.repeat(22)}`);
  assert.equal(bars[5], `${'·'.repeat(15)}${'━'.repeat(15)}`);
});

test('no line is wider than the terminal, whatever it tells, and what is broken is not lost', () => {
  const many = Array.from({ length: 40 }, (_, at) => `10.1.0.${at}:80`).join(', ');
  const attributes = { ...place('10.0.0.3', `/${'long'.repeat(8)}`), 'inmesh.passed_over': `40 ejected (${many})` };
  const wide: Traced = { ...call, name: 'x'.repeat(200), attempts: [{ ...call.attempts[1]!, attributes }] };
  for (const columns of [60, 80, 100, 120, 200]) {
    const lines = tree(wide, columns, nameOf).map(text);
    for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line.length} of ${line}`);
    assert.equal(lines.join(' ').match(/10\.1\.0\.\d+:80/g)?.length, 40);
  }
});
