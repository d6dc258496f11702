import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openIdentity } from '../../src/auth/identity.ts';
import { sayProofs } from '../../src/filters/authenticate.ts';
import { settled } from '../../src/testing/virtual-clock.ts';
import { aContext, testEnv } from '../../src/testing.ts';
import { Authority, CertificateFiles } from '../support/certificates.ts';

test('files that can not be used leave what was there in force, and it is told what is wrong with them until it is not', async (t) => {
  const [env, authority] = [testEnv(), await Authority.open(t)];
  const pair = await authority.issue({ names: ['URI:spiffe://prod.example/orders'] });
  const [another, pem] = [await authority.issue({ names: ['URI:spiffe://prod.example/other'] }), await authority.pem];
  const files = await CertificateFiles.open(t, pair, pem);
  const identity = await openIdentity(env, 'orders', { certificate: files.paths });
  const { policy } = aContext();
  const told = async (holds: (problems: readonly string[]) => boolean): Promise<readonly string[]> => {
    for (let turn = 0; turn < 200 && !holds(identity.facts().problems); turn++) {
      await env.clock.advance(1_000);
      for (let i = 0; i < 20; i++) await settled(); // files are read in other threads
    }
    assert.equal(identity.facts().certificate?.name, 'spiffe://prod.example/orders');
    return identity.facts().problems;
  };
  assert.deepEqual(identity.facts().problems, []);
  await writeFile(files.key, another.key);
  const wrong = 'identity.certificate can not be used: ERR_OSSL_X509_KEY_VALUES_MISMATCH';
  assert.deepEqual(await told(({ length }) => length > 0), [wrong]);
  assert.ok(sayProofs(policy, 'stock', identity).includes(wrong));
  await writeFile(files.key, pair.key);
  assert.deepEqual(await told(({ length }) => length === 0), []);
  await writeFile(files.ca, pem.slice(0, 100));
  assert.deepEqual(await told(({ length }) => length > 0), [
    'identity.certificate can not be used: there is no CERTIFICATE in it',
  ]);
  await writeFile(files.ca, pem);
  assert.deepEqual(await told(({ length }) => length === 0), []);
  await rename(files.ca, `${files.ca}.away`);
  assert.deepEqual(await told(({ length }) => length > 0), ['identity.certificate can not be used: ca: ENOENT']);
  await rename(`${files.ca}.away`, files.ca); // the very same file as before
  assert.deepEqual(await told(({ length }) => length === 0), []);
  assert.deepEqual(sayProofs(policy, 'stock', identity).length, 1);
  identity.close();
  assert.equal(env.clock.pending, 0);
});
