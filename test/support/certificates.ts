import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A certificate and its key, in PEM. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface Said {
  /** Alternative names, as openssl writes them: `URI:spiffe://prod.example/orders`, `IP:127.0.0.1`. */
  readonly names: readonly string[];
  /** Other extensions, as openssl writes them: `keyUsage=critical,digitalSignature`. */
  readonly more?: readonly string[];
  /** For how long it is good; below 0 it has expired. */
  readonly days?: number;
}

const DAY_MS = 24 * 3_600_000;
const asn1 = (date: Date): string =>
  `${date
    .toISOString()
    .replace(/[-:T]|\.\d+/g, '')
    .slice(0, 14)}Z`;

const AUTHORITY = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const LEAF = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];

/** Who signs certificates: in a folder of its own, for as long as a test runs. */
export class Authority {
  readonly #dir: string;
  readonly #name: string;
  #made = 0;
  #lists = 0;

  constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#name = name;
  }

  static async open(t: Pick<TestContext, 'after'>, name = 'authority'): Promise<Authority> {
    const dir = await mkdtemp(join(tmpdir(), 'inmesh-ca-'));
    t.after(() => rm(dir, { recursive: true }));
    const authority = new Authority(dir, name);
    const out = ['-keyout', join(dir, 'ca.key'), '-out', join(dir, 'ca.pem')];
    await run('openssl', ['req', '-x509', ...NEW_KEY, '-days', '30', '-subj', `/CN=${name}`, ...out]);
    return authority;
  }

  /** The same, by its key and, as TLS compares names, by its name, which is written as another kind of text. */
  async respelled(t: Pick<TestContext, 'after'>, name: string): Promise<Authority> {
    const dir = await mkdtemp(join(tmpdir(), 'inmesh-ca-'));
    t.after(() => rm(dir, { recursive: true }));
    const [key, config] = [join(dir, 'ca.key'), join(dir, 'ca.cnf')];
    await copyFile(join(this.#dir, 'ca.key'), key);
    await writeFile(config, '[req]\ndistinguished_name=name\nstring_mask=nombstr\n[name]\n'); // PrintableString
    const said = ['-config', config, '-subj', `/CN=${name}`, '-days', '30', '-key', key, '-out', join(dir, 'ca.pem')];
    await run('openssl', ['req', '-x509', ...said]);
    return new Authority(dir, name);
  }

  get #by(): readonly string[] {
    return ['-CA', join(this.#dir, 'ca.pem'), '-CAkey', join(this.#dir, 'ca.key')];
  }

  /** Its own certificate. */
  get pem(): Promise<string> {
    return readFile(join(this.#dir, 'ca.pem'), 'utf8');
  }

  /** Its list of those that it has revoked, and of these besides; good for `days`, below 0 no more. */
  async revoke(pairs: readonly Pair[] = [], days = 7): Promise<string> {
    const [config, list] = [join(this.#dir, 'crl.cnf'), join(this.#dir, 'crl.pem')];
    if (this.#lists++ === 0) {
      const database = join(this.#dir, 'index.txt');
      await writeFile(database, '');
      await writeFile(config, `[ca]\ndefault_ca=x\n[x]\ndatabase=${database}\ndefault_md=sha256\n`);
    }
    const by = ['-config', config, '-cert', join(this.#dir, 'ca.pem'), '-keyfile', join(this.#dir, 'ca.key')];
    for (const [at, { cert }] of pairs.entries()) {
      const file = join(this.#dir, `revoked.${at}`);
      await writeFile(file, cert);
      await run('openssl', ['ca', ...by, '-revoke', file]);
    }
    const [from, until] = [new Date(Date.now() - 30 * DAY_MS), new Date(Date.now() + days * DAY_MS)].map(asn1);
    await run('openssl', ['ca', ...by, '-gencrl', '-crl_lastupdate', from!, '-crl_nextupdate', until!, '-out', list]);
    return readFile(list, 'utf8');
  }

  /** A certificate by which this one vouches for another authority, under that one's name and key. */
  async issueAuthority(other: Authority, more = AUTHORITY): Promise<string> {
    const [csr, out] = [join(this.#dir, 'cross.csr'), join(this.#dir, 'cross.pem')];
    await run('openssl', [
      'req',
      '-new',
      '-key',
      join(other.#dir, 'ca.key'),
      '-subj',
      `/CN=${other.#name}`,
      '-out',
      csr,
    ]);
    await writeFile(join(this.#dir, 'cross.ext'), more.join('\n'));
    const by = [...this.#by, '-set_serial', String(++this.#made)];
    const what = ['-days', '7', '-extfile', join(this.#dir, 'cross.ext'), '-in', csr, '-out', out];
    await run('openssl', ['x509', '-req', ...by, ...what]);
    return readFile(out, 'utf8');
  }

  /** A certificate that says this. */
  async issue({ names, more = LEAF, days = 7 }: Said): Promise<Pair> {
    const made = ++this.#made;
    const at = (kind: string): string => join(this.#dir, `${made}.${kind}`);
    const alt = names.length > 0 ? [`subjectAltName=${names.join(',')}`] : [];
    await writeFile(at('ext'), [...alt, ...more].join('\n'));
    await run('openssl', [
      'req',
      ...NEW_KEY,
      '-subj',
      `/CN=${this.#name} leaf`,
      '-keyout',
      at('key'),
      '-out',
      at('csr'),
    ]);
    const by = [...this.#by, '-set_serial', String(made)];
    const what = ['-days', String(days), '-extfile', at('ext'), '-in', at('csr'), '-out', at('pem')];
    await run('openssl', ['x509', '-req', ...by, ...what]);
    return { cert: await readFile(at('pem'), 'utf8'), key: await readFile(at('key'), 'utf8') };
  }
}

/** Files of a certificate, in a folder of their own, that are replaced as those do who rotate them: whole, one by one. */
export class CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly crl: string;

  constructor(dir: string) {
    this.cert = join(dir, 'tls.crt');
    this.key = join(dir, 'tls.key');
    this.ca = join(dir, 'ca.crt');
    this.crl = join(dir, 'ca.crl');
  }

  static async open(t: Pick<TestContext, 'after'>, pair: Pair, ...authorities: readonly string[]) {
    const dir = await mkdtemp(join(tmpdir(), 'inmesh-certs-'));
    t.after(() => rm(dir, { recursive: true }));
    const files = new CertificateFiles(dir);
    await files.show(pair);
    await files.trust(...authorities);
    return files;
  }

  async show({ cert, key }: Pair): Promise<void> {
    await replace(this.cert, cert);
    await replace(this.key, key);
  }

  async trust(...authorities: readonly string[]): Promise<void> {
    await replace(this.ca, authorities.join(''));
  }

  /** Lists of what is revoked, in one file. */
  async revoked(...lists: readonly string[]): Promise<string> {
    await replace(this.crl, lists.join(''));
    return this.crl;
  }

  /** As `createMesh({ identity })` wants them. */
  get paths(): { readonly cert: string; readonly key: string; readonly ca: string } {
    const { cert, key, ca } = this;
    return { cert, key, ca };
  }
}

async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}
