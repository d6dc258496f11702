import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MeshError } from '../../../src/core/errors.ts';
import { transportTo } from '../../support/transport.ts';

const run = promisify(execFile);

/** A server that speaks TLS with a certificate of its own making, for as long as the test runs. */
async function secure(t: TestContext): Promise<{ url: string; certificate: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'inmesh-tls-'));
  t.after(() => rm(dir, { recursive: true }));
  const [key, certificate] = [join(dir, 'key.pem'), join(dir, 'certificate.pem')];
  await run('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate],
  ]);
  const server = createServer({ key: await readFile(key), cert: await readFile(certificate) }, (request, response) =>
    response.end(`${request.httpVersion} over ${request.socket.constructor.name}`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, certificate };
}

test('an endpoint that speaks TLS is called over TLS, when its certificate is trusted', async (t) => {
  const { url, certificate } = await secure(t);
  const program = fileURLToPath(new URL('programs/secure.ts', import.meta.url));
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
  const { stdout } = await run(process.execPath, ['--no-warnings', program, url], { env });
  assert.equal(stdout.trim(), '200 1.1 over TLSSocket');
});

test('a certificate that is not trusted is an error that says so, and nothing is sent', async (t) => {
  const { url } = await secure(t);
  const { request } = transportTo(t, { orders: [url] });
  await assert.rejects(request('http://orders/'), (error) => {
    assert.ok(MeshError.is(error));
    assert.match(error.message, /^orders: no connection to 127.0.0.1:\d+, DEPTH_ZERO_SELF_SIGNED_CERT/);
    assert.deepEqual([error.reason, error.sent], ['connect', 'no']);
    return true;
  });
});
