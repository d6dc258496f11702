import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROW = /^\| (H\d+(?:, H\d+)*) \| ([^|]+) \| ([^|]+) \|$/gm;
const rows = [...readFileSync(new URL('../../docs/design/zookeeper.md', import.meta.url), 'utf8').matchAll(ROW)];

test('each of the thirty-five hazards of the ZooKeeper client is held by a test, or can not happen and it says why', () => {
  const hazards = rows.flatMap(([, names]) => names!.split(', '));
  assert.deepEqual(
    hazards,
    Array.from({ length: 35 }, (_, at) => `H${at + 1}`),
  );
  for (const [row, , what, held] of rows) assert.ok(what!.length > 5 && held!.length > 10, row);
});

test('the tests that the table of hazards names are there', () => {
  const named = rows.flatMap(([, , , held]) =>
    [...held!.split(':')[0]!.matchAll(/`([a-z][\w/-]*)`/g)].map(([, name]) => name!),
  );
  assert.ok(named.length > 25);
  for (const name of new Set(named)) {
    const places = [`test/integration/zookeeper/${name}`, `test/zookeeper/${name}`, name];
    assert.ok(
      places.some((place) => existsSync(new URL(`../../${place}.test.ts`, import.meta.url))),
      name,
    );
  }
});
