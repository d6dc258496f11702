import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openIdentity } from '../../src/auth/identity.ts';
import { sayProofs } from '../../src/filters/authenticate.ts';
import { aContext, testEnv } from '../../src/testing.ts';
import { Authority, CertificateFiles } from '../support/certificates.ts';
import { filesAtRest } from '../support/file-work.ts';

test('files that can not be used leave what was there in force, and it is told what is wrong with them until it is not', async (t) => {
  const [env, authority] = [testEnv(), await Authority.open(t)];
  const pair = await authority.issue({ names: ['URI:spiffe://prod.example/orders'] });
  const [another, pem] = [await authority.issue({ names: ['URI:spiffe://prod.example/other'] }), await authority.pem];
  const files = await CertificateFiles.open(t, pair, pem);
  const identity = await openIdentity(env, 'orders', { certificate: files.paths });
  const { policy } = aContext();
  /** What is told once they have been looked at again. */
  const told = async (): Promise<readonly string[]> => {
    await env.clock.advance(1_000);
    await filesAtRest();
    assert.equal(identity.facts().certificate?.name, 'spiffe://prod.example/orders');
    return identity.facts().problems;
  };
  assert.deepEqual(identity.facts().problems, []);
  await files.show({ cert: pair.cert, key: another.key });
  const wrong = 'identity.certificate can not be used: ERR_OSSL_X509_KEY_VALUES_MISMATCH';
  assert.deepEqual(await told(), [wrong]);
  assert.ok(sayProofs(policy, 'stock', identity).includes(wrong));
  await files.show(pair);
  assert.deepEqual(await told(), []);
  await writeFile(files.ca, pem.slice(0, 100));
  assert.deepEqual(await told(), ['identity.certificate can not be used: there is no CERTIFICATE in it']);
  await writeFile(files.ca, pem);
  assert.deepEqual(await told(), []);
  await rename(files.ca, `${files.ca}.away`);
  assert.deepEqual(await told(), ['identity.certificate can not be used: ca: ENOENT']);
  await rename(`${files.ca}.away`, files.ca); // the very same file as before
  assert.deepEqual(await told(), []);
  assert.deepEqual(sayProofs(policy, 'stock', identity).length, 1);
  identity.close();
  assert.equal(env.clock.pending, 0);
});
