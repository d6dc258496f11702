import { readFile } from 'node:fs/promises';
import { ZookeeperError } from './errors.ts';

/** Files that a TLS connection is made with, in PEM. They are read anew for each connection. */
export interface TlsFiles {
  /** Whom we trust; the authorities that Node knows, when there is none. */
  readonly ca?: string;
  /** Who we are: a certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

/** What the files hold, as `tls.connect` wants it; undefined when there is to be no TLS. */
export async function readTls(
  files: TlsFiles | undefined,
): Promise<{ ca?: Buffer; cert?: Buffer; key?: Buffer } | undefined> {
  if (files === undefined) return undefined;
  const contents: { ca?: Buffer; cert?: Buffer; key?: Buffer } = {};
  for (const part of ['ca', 'cert', 'key'] as const) {
    const path = files[part];
    if (path !== undefined)
      contents[part] = await readFile(path).catch((error) => Promise.reject(unreadable(part, error)));
  }
  return contents;
}

const unreadable = (part: string, error: { code?: string }): ZookeeperError =>
  new ZookeeperError('TLS_FILE', `the file of tls ${part} can not be read: ${error.code}`);
