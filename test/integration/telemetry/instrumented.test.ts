import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { node } from '../../../scripts/run.ts';
import { serve } from '../../support/http.ts';
import type { Case, Told } from '../programs/instrumented.ts';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Every generation of OpenTelemetry that there is: versions of its API and SDK, and how a program gets them. */
const GENERATIONS = [
  { name: 'API 1.9 and SDK 2', api: /^1\.9\./, sdk: /^2\./, imports: [] },
  {
    name: 'API 1.10 and SDK 3',
    api: /^1\.10\./,
    sdk: /^3\./,
    imports: ['--import', file('../../support/otel-3/use.ts')],
  },
] as const;

/** Every client, with its ways to send through a mesh. */
const CLIENTS = {
  fetch: ['mesh.call with fetch', 'mesh.fetch'],
  undici: ['mesh.call with undici.request', 'mesh.call with undici.fetch', 'mesh.request'],
  axios: ['mesh.call with axios', 'mesh.call with axios over fetch', 'meshAxios'],
  'node:http': ['mesh.call with http.request'],
} as const;

/** Runs the program, and gives what it tells beside every `traceparent` that came to a server, request by request. */
async function run(t: TestContext, client: string, imports: readonly string[]) {
  const came = new Map<string, string[][]>();
  const { url } = await serve(t, ({ url: path = '', rawHeaders }, response) => {
    const parents = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'traceparent');
    const first = !came.has(path);
    came.set(path, [...(came.get(path) ?? []), parents]);
    response.writeHead(first && !path.startsWith('/alone/') ? 503 : 200).end('{}');
  });
  const program = file('../programs/instrumented.ts');
  const { code, output } = await node([...imports, program, client, url], { longestMs: 60_000 });
  assert.equal(code, 0, output);
  return { told: JSON.parse(output.trim().split('\n').at(-1)!) as Told, came };
}

type Spans = Case['spans'];
const recorders = (spans: Spans): string[] => [...new Set(spans.map(({ by }) => by))];
const resends = (spans: Spans): unknown[] => spans.map(({ resend }) => resend);
const INSTRUMENTATION = /^@opentelemetry\/instrumentation-(?:http|undici)$/;

for (const { name: generation, api, sdk, imports } of GENERATIONS) {
  suite(`beside the instrumentations of OpenTelemetry with ${generation}`, () => {
    for (const [client, ways] of Object.entries(CLIENTS)) {
      test(`${client}: each attempt is one client span and brings one traceparent, which names it`, async (t) => {
        const { told, came } = await run(t, client, imports);
        assert.match(told.api, api);
        assert.match(told.sdk, sdk);
        const cases = Object.groupBy(told.cases, ({ path }) => path.split('/')[1]!);
        for (const { name, path, spans } of told.cases) {
          const parents = spans.map(({ traceparent }) => [traceparent]);
          assert.deepEqual(came.get(path), parents, `${name} of ${path}`);
        }
        // A mesh that was made before the SDK does as one that was made after it.
        for (const all of [cases.recording!, cases.late!]) {
          assert.deepEqual(
            all.map(({ name }) => name),
            ways,
          );
        }
        for (const { name, spans } of [...cases.recording!, ...cases.late!]) {
          assert.deepEqual(recorders(spans), ['inmesh'], name);
          assert.deepEqual(resends(spans), [undefined, 1], name);
        }
        // A mesh that records none leaves them to the instrumentation, the header as well.
        assert.deepEqual(
          cases.leaving!.map(({ name }) => name),
          ways,
        );
        for (const { name, spans } of cases.leaving!) {
          assert.match(recorders(spans).join(), INSTRUMENTATION, name);
          assert.equal(spans.length, 2, name);
        }
        // The instrumentation is there, and the mesh has not switched it off for others.
        assert.ok(cases.alone!.length > 0);
        for (const { name, spans } of cases.alone!) {
          assert.match(recorders(spans).join(), INSTRUMENTATION, name);
          assert.equal(spans.length, 1, name);
        }
      });
    }
  });
}
