import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { filesOf, gaps, programsOf, sharedBy, suiteOf, suites } from '../../scripts/suites.ts';

const full = [
  'src/core/stack.ts',
  'test/core/stack.test.ts',
  'test/core/stack.property.test.ts',
  ...suites.filter((suite) => suite !== 'unit' && suite !== 'property').map((suite) => `test/${suite}/a.test.ts`),
];

function withFiles<T>(files: readonly string[], ask: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'inmesh-suites-'));
  try {
    for (const file of files) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), '');
    }
    return ask(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('every test file belongs to exactly one kind', () => {
  withFiles(full, (folder) => {
    const all = suites.flatMap((suite) => filesOf(suite, folder));
    assert.deepEqual(all.toSorted(), full.filter((file) => file.endsWith('.test.ts')).toSorted());
  });
});

test('a property test is one wherever it lies', () => {
  assert.equal(suiteOf('test/core/stack.property.test.ts'), 'property');
  assert.equal(suiteOf('test/integration/kill.property.test.ts'), 'property');
  assert.equal(suiteOf('test/integration/zookeeper/session.test.ts'), 'integration');
  assert.equal(suiteOf('test/core/stack.test.ts'), 'unit');
});

test('a full house has no gaps', () => {
  assert.deepEqual(withFiles(full, gaps), []);
});

for (const suite of suites) {
  test(`a house without ${suite} tests has a gap`, () => {
    const found = withFiles(
      full.filter((file) => !file.startsWith('test/') || suiteOf(file) !== suite),
      gaps,
    );
    assert.ok(found.includes(`there is no test of the kind ${suite}`), found.join());
  });
}

test('a folder of src whose mirror has no test is a gap', () => {
  assert.deepEqual(withFiles([...full, 'src/wire/deadline.ts'], gaps), ['src/wire has no test in test/wire']);
});

test('a test file that lies beside the folders is a gap', () => {
  const [first] = withFiles([...full, 'test/alone.test.ts'], gaps);
  assert.equal(first, 'test/alone.test.ts lies in no folder, so it is no kind of test');
});

test('programs are asked for only where tests need them', () => {
  assert.deepEqual(
    withFiles(full, (folder) => programsOf('integration', folder)),
    [],
  );
  const zookeeper = withFiles([...full, 'test/integration/zookeeper/a.test.ts'], (folder) =>
    suites.flatMap((suite) => programsOf(suite, folder)),
  );
  assert.ok(zookeeper.includes('zookeeper') && !zookeeper.includes('redis-server'));
  const redis = withFiles([...full, 'test/integration/redis/a.test.ts'], (folder) => programsOf('integration', folder));
  assert.deepEqual(redis, ['redis-server']);
  const java = withFiles([...full, 'test/integration/java/a.test.ts'], (folder) => programsOf('integration', folder));
  assert.deepEqual(java, ['openjdk-17-jdk-headless']);
  const promtool = 'test/integration/telemetry/promtool.test.ts';
  assert.deepEqual(
    withFiles([...full, promtool], (folder) => programsOf('integration', folder)),
    ['prometheus'],
  );
});

test('tests of what knows no process share one, whatever is said in them', () => {
  for (const file of ['test/math/gcra.test.ts', 'test/core/stack.test.ts', 'test/filters/way.property.test.ts'])
    assert.equal(sharedBy(file), 'lower floors', file);
});

test('tests of the floors above share another, unless they do what is for all tests of a process', () => {
  const said: Readonly<Record<string, string>> = {
    'test/mesh/plain.test.ts': `test('a call is made', async () => {});`,
    'test/mesh/platform.test.ts': `if (process.platform === 'linux') test('it is fast', () => {});`,
    'test/mesh/tracer.test.ts': 'trace.setGlobalTracerProvider(new TracerProvider());',
    'test/mesh/spans.test.ts': 'const exporter = recordedSpans();',
    'test/mesh/environment.test.ts': 'delete process.env.TZ;',
    'test/mesh/fetch.test.ts': `t.mock.method(globalThis, 'fetch', no);`, // and it comes back by itself
    'test/mesh/hooks.test.ts': 'beforeEach(() => exporter.reset());',
    'test/mesh/child.test.ts': `import { fork } from 'node:child_process';`,
  };
  withFiles(Object.keys(said), (folder) => {
    for (const [file, text] of Object.entries(said)) writeFileSync(join(folder, file), text);
    const shared = Object.keys(said).filter((file) => sharedBy(file, folder) === 'upper floors');
    const some = ['plain', 'platform', 'fetch', 'child'].map((name) => `test/mesh/${name}.test.ts`);
    assert.deepEqual(shared, some);
  });
});

test('tests of the package share what is packed', () => {
  assert.equal(sharedBy('test/package/weight.test.ts'), 'package');
});

test('what is no unit test, or of no floor, has a process to itself', () => {
  for (const file of ['test/scripts/test.test.ts', 'test/simulation/docs.test.ts', 'test/integration/kill.test.ts'])
    assert.equal(sharedBy(file), undefined, file);
});
