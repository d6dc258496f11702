import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatOrca, parseOrca, readOrca } from '../../src/wire/orca.ts';
import { FULL_REPORT } from '../support/orca.ts';

test('a report is read from JSON and from text alike', () => {
  const json =
    'JSON {"cpu_utilization": 0.3, "mem_utilization": 0.8, "application_utilization": 1.2, "rps_fractional": 1000.5, "eps": 2, "utilization": {"disk": 0.4}, "named_metrics": {"queue": 17, "foo.bar": 1.5}}';
  const text =
    'TEXT cpu_utilization=0.3,mem_utilization=0.8, application_utilization=1.2,rps_fractional=1000.5,eps=2,utilization.disk=0.4,named_metrics.queue=17,named_metrics.foo.bar=1.5';
  assert.deepEqual(parseOrca(json), FULL_REPORT);
  assert.deepEqual(parseOrca(text), FULL_REPORT);
});

test('a report in binary is read from the header of its own, and after BIN', () => {
  assert.deepEqual(parseOrca('BIN CTMzMzMzM9M/'), { cpuUtilization: 0.3 });
  const headers: Record<string, string> = {
    'endpoint-load-metrics-bin': 'CTMzMzMzM9M/',
    'endpoint-load-metrics': 'TEXT eps=1',
  };
  assert.deepEqual(
    readOrca((name) => headers[name]),
    { cpuUtilization: 0.3 },
  );
  delete headers['endpoint-load-metrics-bin'];
  assert.deepEqual(
    readOrca((name) => headers[name]),
    { eps: 1 },
  );
  assert.equal(
    readOrca(() => undefined),
    undefined,
  );
});

test('a report in binary is as short as one in text may be', () => {
  const long = Buffer.concat([Buffer.from('52ff17', 'hex'), Buffer.alloc(3_071)]); // 4,100 letters
  assert.equal(parseOrca(`BIN ${long.toString('base64')}`), undefined);
  const many = Buffer.from('5001'.repeat(257), 'hex');
  assert.equal(parseOrca(`BIN ${many.toString('base64')}`), undefined);
  assert.deepEqual(parseOrca(`BIN ${many.subarray(2).toString('base64')}`), {});
});

test('what is written is read back', () => {
  assert.equal(formatOrca({ cpuUtilization: 0.3, eps: 1 }), 'TEXT cpu_utilization=0.3,eps=1');
  assert.deepEqual(parseOrca(formatOrca(FULL_REPORT)), FULL_REPORT);
  assert.equal(formatOrca({ cpuUtilization: 1 / 3, rps: Number.NaN, eps: -1 }), 'TEXT cpu_utilization=0.333333');
  assert.equal(formatOrca({ named: { 'a,b=1': 2, ok: 1e21 } }), 'TEXT named_metrics.ok=1e+21');
  assert.deepEqual(parseOrca(formatOrca({ rps: 1e-7 })), { rps: 1e-7 });
});

test('figures that are not known are passed over', () => {
  assert.deepEqual(parseOrca('JSON {"request_cost": {"x": 1}, "later": "text", "eps": 1}'), { eps: 1 });
  assert.deepEqual(parseOrca('TEXT later=1,eps=1'), { eps: 1 });
  assert.deepEqual(parseOrca('JSON {}'), {});
});

for (const [what, header] of [
  ['nothing', undefined],
  ['no format', 'cpu_utilization=0.3'],
  ['another format', 'YAML eps: 1'],
  ['a binary form that is none', 'BIN eps=1'],
  ['a format in small letters', 'text cpu_utilization=0.3'],
  ['broken JSON', 'JSON {"cpu_utilization": 0.3'],
  ['JSON that is a list', 'JSON [1]'],
  ['JSON that is nothing', 'JSON null'],
  ['a figure in quotes', 'JSON {"cpu_utilization": "0.3"}'],
  ['a negative figure', 'TEXT cpu_utilization=-0.3'],
  ['a figure that is none', 'TEXT cpu_utilization=NaN'],
  ['an endless figure', 'TEXT cpu_utilization=1e999'],
  ['a hexadecimal figure', 'TEXT cpu_utilization=0x10'],
  ['memory of more than all', 'TEXT mem_utilization=1.1'],
  ['a share of more than all', 'TEXT utilization.disk=2'],
  ['no figure', 'TEXT cpu_utilization='],
  ['no name', 'TEXT =0.3'],
  ['no pair', 'TEXT '],
  ['a figure twice', 'TEXT eps=1,eps=2'],
  ['a named figure twice', 'TEXT named_metrics.a=1,named_metrics.a=2'],
  ['a name of other letters', 'TEXT named_metrics.ä=1'],
  ['a name that is no name', 'JSON {"named_metrics": {"__proto__x y": 1}}'],
  ['a map that is a figure', 'JSON {"named_metrics": 1, "utilization": {"a": "b"}}'],
  ['too many figures', `TEXT ${Array.from({ length: 33 }, (_, at) => `named_metrics.n${at}=1`).join(',')}`],
  ['too long a text', `TEXT eps=1,${'x'.repeat(4_096)}=1`],
] as const) {
  test(`a report with ${what} is none`, () => {
    assert.equal(parseOrca(header), undefined);
  });
}

test('a report can not reach the prototype', () => {
  assert.equal(parseOrca('JSON {"named_metrics": {"__proto__": 1}}'), undefined);
  assert.equal(parseOrca('TEXT named_metrics.__proto__=1'), undefined);
  assert.deepEqual(parseOrca('JSON {"__proto__": {"eps": 1}}'), {});
  assert.deepEqual(parseOrca('TEXT named_metrics.constructor=1')?.named, { constructor: 1 });
});
