// How the answers of refused requests look to others: the fields of draft-ietf-httpapi-ratelimit-headers-11 and the problem
// details of RFC 9457, held against the examples and the schema that stand there.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { MeshError, type Reason, reasons } from '../../src/core/errors.ts';
import { type Problem, problemOf, refusalOf } from '../../src/server/problem.ts';
import { formatRateLimit, formatRateLimitPolicy, parseRateLimit, readQuotaLeft } from '../../src/wire/rate-limit.ts';
import { guarded } from '../server/quota-world.ts';

test('RateLimit of section 4.2 says what it says there', () => {
  for (const [field, left, resetMs] of [
    ['"default";r=50;t=30', 50, 30_000],
    ['"default";r=999;pk=:dHJpYWwxMjEzMjM=:', 999, 0],
    ['"default";r=300000000;t=60;pk=:QXBwLTk5OQ==:', 300_000_000, 60_000],
    ['"problemPolicy";r=0;t=10', 0, 10_000], // section 6
    ['"default";r=1;t=7', 1, 7_000], // section 7
  ] as const) {
    assert.deepEqual(parseRateLimit(field), { left, resetMs }, field);
  }
  assert.equal(formatRateLimit('default', 50, 30_000), '"default";r=50;t=30');
});

test('RateLimit-Policy of sections 3 and 3.2 is what we write, for the same quotas', () => {
  assert.equal(formatRateLimitPolicy('burst', 100, 60_000), '"burst";q=100;w=60');
  assert.equal(formatRateLimitPolicy('daily', 1_000, 86_400_000), '"daily";q=1000;w=86400');
  assert.equal(formatRateLimitPolicy('default', 100, 10_000), '"default";q=100;w=10');
  assert.equal(formatRateLimitPolicy('permin', 50, 60_000), '"permin";q=50;w=60');
  assert.equal(formatRateLimitPolicy('perhr', 1_000, 3_600_000), '"perhr";q=1000;w=3600');
});

test('of RateLimit and Retry-After of a 429 the latter takes precedence (section 7), and what is malformed is ignored', () => {
  const read = (fields: Record<string, string>, status: number) => readQuotaLeft((name) => fields[name], status, 0);
  assert.deepEqual(read({ ratelimit: '"default";r=50;t=30', 'retry-after': '20' }, 429), { left: 0, resetMs: 20_000 });
  assert.deepEqual(read({ ratelimit: '"default";r=50;t=30', 'retry-after': '20' }, 200), { left: 50, resetMs: 30_000 });
  assert.equal(read({ ratelimit: '"default;r=50;t=30' }, 200), undefined);
});

/** RFC 9457, Appendix A. */
const isProblem = new Ajv2020({ strict: false, validateFormats: false }).compile({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'An RFC 7807 problem object',
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer', minimum: 100, maximum: 599 },
    detail: { type: 'string' },
    instance: { type: 'string', format: 'uri-reference' },
  },
});

/** RFC 9457, 3: the media type, members of the right kinds, and a status that is that of the answer. */
function checkProblem({ status, headers, body }: Problem): Record<string, unknown> {
  assert.equal(headers['content-type'], 'application/problem+json');
  const said = JSON.parse(body) as Record<string, unknown>;
  assert.ok(isProblem(said), JSON.stringify(isProblem.errors));
  assert.equal(said.status, status);
  assert.ok(URL.canParse(String(said.type), 'http://host/'), String(said.type));
  for (const name of Object.keys(said)) assert.match(name, /^[A-Za-z][A-Za-z0-9_-]{2,}$/); // 3.2: names of extensions
  return said;
}

test('whatever goes wrong is answered with problem details', () => {
  for (const reason of Object.keys(reasons) as Reason[]) {
    const error = new MeshError(reason, 'orders: no', { retryAfterMs: 1_500 });
    for (const problem of [problemOf(error), refusalOf(error), problemOf(new Error('x')), refusalOf(undefined)]) {
      const { type, title } = checkProblem(problem);
      assert.equal(type, 'about:blank'); // then the title should be the phrase of the status (4.2.1)
      assert.notEqual(title, 'Error', reason);
    }
  }
});

test('a quota that is exceeded is a problem of the type that the draft has for it, with the fields in accord', async () => {
  const { ask, times } = guarded([
    { name: 'permin', rate: '50/m', burst: 2, per: 'all' },
    { name: 'perhr', rate: '1000/h', burst: 1_000, per: 'all' },
  ]);
  assert.equal(await times(2), 2);
  const problem = (await ask()) as Problem;
  assert.equal(problem.status, 429);
  const { type, 'violated-policies': violated } = checkProblem(problem);
  assert.equal(type, 'https://iana.org/assignments/http-problem-types#quota-exceeded');
  assert.deepEqual(violated, ['permin']);
  assert.equal(problem.headers['ratelimit-policy'], '"permin";q=50;w=60, "perhr";q=1000;w=3600');
  const { left, resetMs } = parseRateLimit(problem.headers.ratelimit!)!;
  assert.equal(left, 0);
  assert.ok(Number(problem.headers['retry-after']) * 1_000 >= resetMs); // section 6: not before the window ends
});
