import { createSecureContext, type SecureContext } from 'node:tls';
import type { Env } from '../core/env.ts';
import { Files } from '../core/files.ts';
import type { Cancel } from '../core/live.ts';
import { ZookeeperError } from './errors.ts';

/** Files that a TLS connection is made with, in PEM. */
export interface TlsFiles {
  /** Whom we trust; the authorities that Node knows, when there is none. */
  readonly ca?: string;
  /** Who we are: a certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
}

const PARTS = ['ca', 'cert', 'key'] as const;
const PATIENCE = 3; // looks, a second apart: files that belong together are not written in one instant

/**
 * What connections are made with, as the files say it. They are looked after: when they say something else, and it is
 * whole, that is used from then on; what is half written, or does not fit together, is looked at again.
 */
export class Credentials {
  readonly #files: TlsFiles;
  readonly #env: Env;
  readonly #renewed: () => void;
  readonly #troubled: () => void;
  #context: SecureContext | undefined;
  #said = '';
  #failures = 0;
  #opening: Promise<SecureContext> | undefined;
  #stop: Cancel = () => {};
  #closed = false;
  #problem = '';

  /** `renewed` hears that they say something else, `troubled` that there is a problem, or that there is none any more. */
  constructor(files: TlsFiles, env: Env, { renewed, troubled }: { renewed: () => void; troubled: () => void }) {
    this.#files = files;
    this.#env = env;
    this.#renewed = renewed;
    this.#troubled = troubled;
  }

  /** What is wrong with the files as they are now; empty where nothing is. No secret. */
  get problem(): string {
    return this.#problem;
  }

  /** What connections are made with now; undefined before the first was. */
  get current(): SecureContext | undefined {
    return this.#context;
  }

  /** What to make a connection with. @throws ZookeeperError TLS_FILE when the files never said anything that can be used. */
  context(): Promise<SecureContext> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw new ZookeeperError('TLS_FILE', sentence(error));
    });
    return this.#opening.then(() => this.#context!);
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  async #open(): Promise<SecureContext> {
    const parts = PARTS.filter((part) => this.#files[part] !== undefined);
    const take = (contents: readonly string[]) =>
      this.#take(Object.fromEntries(parts.map((part, at) => [part, contents[at]!])));
    if (parts.length === 0) take([]);
    else {
      const paths = parts.map((part) => this.#files[part]!);
      this.#stop = await new Files(this.#env.clock, paths, take, (error) => this.#trouble(error)).open();
      if (this.#closed) this.#stop();
    }
    return this.#context!;
  }

  #take(contents: Readonly<Record<string, string>>): void {
    const said = JSON.stringify(contents);
    if (said !== this.#said) {
      const isFirst = this.#context === undefined;
      this.#context = createSecureContext(contents);
      this.#said = said;
      if (!isFirst) this.#renewed();
    }
    this.#failures = 0;
    this.#tell('');
  }

  #trouble(error: unknown): void {
    if (++this.#failures >= PATIENCE) this.#tell(sentence(error));
  }

  #tell(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#troubled();
  }
}

/** Node's own words: of a file, which one; of a key, nothing but what is wrong with it. */
const sentence = (error: unknown): string =>
  `the files of tls can not be used: ${(error as Error).message.slice(0, 200)}`;
