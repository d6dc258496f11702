import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Files of an authority, a server and a client that trust one another. */
export interface TestCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** PKCS12, for Java. */
  readonly serverStore: string;
  readonly trustStore: string;
}

/** The password of both stores. */
export const STORE_PASSWORD = 'changeit';

const run = promisify(execFile);

const openssl = (...args: string[]) => run('openssl', args);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes a certificate and its key by the authority in `dir`: `NAME.pem` and `NAME.key`. */
export async function issue(dir: string, name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const at = (file: string) => join(dir, file);
  await openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`));
  await openssl(
    ...['x509', '-req', '-in', at(`${name}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'],
    ...['-days', '30', '-extfile', at('names'), '-out', at(`${name}.pem`)],
  );
  return { cert: at(`${name}.pem`), key: at(`${name}.key`) };
}

/** Makes them in `dir`: an authority of our own, a server for 127.0.0.1 and localhost, a client named `client`. */
export async function makeCertificates(dir: string): Promise<TestCertificates> {
  const at = (name: string) => join(dir, name);
  await openssl(
    ...['req', '-x509', ...newKey, '-days', '30', '-subj', '/CN=test authority'],
    ...['-keyout', at('ca.key'), '-out', at('ca.pem')],
  );
  await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  await issue(dir, 'server');
  await issue(dir, 'client');
  const pass = `pass:${STORE_PASSWORD}`;
  await openssl(
    ...['pkcs12', '-export', '-inkey', at('server.key'), '-in', at('server.pem'), '-passout', pass],
    ...['-out', at('server.p12')],
  );
  await run('keytool', [
    ...['-importcert', '-noprompt', '-alias', 'ca', '-file', at('ca.pem'), '-storetype', 'PKCS12'],
    ...['-keystore', at('trust.p12'), '-storepass', STORE_PASSWORD],
  ]);
  return {
    ca: at('ca.pem'),
    cert: at('client.pem'),
    key: at('client.key'),
    serverStore: at('server.p12'),
    trustStore: at('trust.p12'),
  };
}
