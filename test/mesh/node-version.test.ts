import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/run.ts';
import { tooOld } from '../../src/mesh/node-version.ts';

test('a Node that is older than what package.json asks for is told of, and no other', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  const wanted = engines.node.replace('>=', '');
  assert.equal(
    tooOld('20.20.2'),
    `inmesh needs Node ${wanted} or newer, and this is 20.20.2: some of it will fail in ways that do not say so`,
  );
  for (const version of ['22.18.9', '18.20.0', '9.11.2']) assert.notEqual(tooOld(version), undefined, version);
  for (const version of [`${wanted}.0`, '22.23.3', '23.0.0', '24.21.0', '100.0.0-nightly']) {
    assert.equal(tooOld(version), undefined, version);
  }
});
