import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openIdentity } from '../../src/auth/identity.ts';
import type { MeshEvent } from '../../src/core/events.ts';
import { sayProofs } from '../../src/filters/authenticate.ts';
import { aContext, testEnv } from '../../src/testing.ts';
import { Authority, CertificateFiles } from '../support/certificates.ts';
import { filesAtRest } from '../support/file-work.ts';
import { aMesh } from '../support/mesh.ts';

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

test('a rotation that fails is told, once for each fault and not while files are still being replaced; and that it is over', async (t) => {
  const authority = await Authority.open(t);
  const [pair, another] = [
    await authority.issue({ names: ['URI:spiffe://prod.example/orders'] }),
    await authority.issue({ names: ['URI:spiffe://prod.example/other'] }),
  ];
  const files = await CertificateFiles.open(t, pair, await authority.pem);
  const { mesh, env, told } = await aMesh({ identity: { certificate: files.paths } });
  /** What has been told, once they have been looked at so many times. */
  const after = async (looks: number): Promise<readonly string[]> => {
    for (let look = 0; look < looks; look++) {
      await env.clock.advance(1_000);
      await filesAtRest();
    }
    return told('credentials').map(({ problem }) => problem);
  };
  const mismatch = 'identity.certificate can not be used: ERR_OSSL_X509_KEY_VALUES_MISMATCH';
  await files.show({ cert: another.cert, key: pair.key }); // as between two renames
  assert.deepEqual(await after(2), []);
  await files.show(another);
  assert.deepEqual(await after(2), []);
  await files.show({ cert: another.cert, key: pair.key });
  assert.deepEqual(await after(2), []);
  assert.deepEqual(await after(1), [mismatch]);
  assert.deepEqual(await after(10), [mismatch]);
  await rename(files.key, `${files.key}.away`);
  const missing = 'identity.certificate can not be used: key: ENOENT';
  assert.deepEqual(await after(5), [mismatch, missing]);
  await rename(`${files.key}.away`, files.key);
  assert.deepEqual(await after(5), [mismatch, missing]);
  await files.show(pair);
  assert.deepEqual(await after(3), [mismatch, missing, '']);
  await files.show({ cert: another.cert, key: pair.key });
  assert.deepEqual(await after(5), [mismatch, missing, '', mismatch]);
  const [{ at, ...first }] = told('credentials') as [MeshEvent];
  assert.deepEqual(first, {
    ...{ type: 'credentials', service: 'checkout', what: 'certificate', issuer: '' },
    problem: mismatch,
  });
  await mesh.close();
});
