import type { Buffer } from 'node:buffer';
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Shown, Unsigned } from '../core/identity.ts';
import type { Principal } from '../core/principal.ts';
import { guardBody, hasBody } from './digest.ts';
import { believe } from './doubt.ts';
import { unique } from './mint.ts';
import { NoncesOfAll } from './nonces.ts';
import { principalOf } from './peers.ts';
import { derived, signatureBase } from './signature-base.ts';
import { readSignature, readSignatureInput, type SignatureInput } from './signature-input.ts';

const WINDOW_S = 30; // that a signature may be old, or ahead of us
const MOST = 200_000; // signatures remembered: 3 300 a second
const LEAST = 10_000; // of each who may sign, however many others send
const LABEL = 'inmesh';
const ALGORITHM = 'hmac-sha256';
const ALWAYS = ['@method', '@path', '@query'];

/** Requests signed with a shared secret: HTTP Message Signatures (RFC 9421) over method, path, body, caller and callee. */
export class SignedRequests {
  readonly #env: Env;
  readonly #service: string;
  readonly #secrets: ReadonlyMap<string, readonly string[]>;
  readonly #nonces: NoncesOfAll;

  constructor(env: Env, service: string, secrets: Readonly<Record<string, string | readonly string[]>>) {
    this.#env = env;
    this.#service = service;
    const each = Object.entries(secrets);
    this.#secrets = new Map(each.map(([name, secret]) => [name, typeof secret === 'string' ? [secret] : secret]));
    this.#nonces = new NoncesOfAll(Object.keys(secrets), { windowMs: 2_000 * WINDOW_S, most: MOST, least: LEAST });
  }

  /** With whom one is shared. */
  get names(): readonly string[] {
    return [...this.#secrets.keys()];
  }

  /** The headers that sign a request. @throws MeshError UNAUTHENTICATED when no secret is shared with who is called. */
  sign({ service, method, path, digest }: Unsigned): Readonly<Record<string, string>> {
    const secret = this.#secrets.get(service)?.[0];
    if (secret === undefined) {
      throw new MeshError('authenticate', `${service}: no secret is shared with it`, { service });
    }
    const { clock, random } = this.#env;
    const components = digest === undefined ? ALWAYS : [...ALWAYS, 'content-digest'];
    const created = Math.floor(clock.epoch() / 1_000);
    const raw =
      `(${components.map((name) => `"${name}"`).join(' ')});created=${created};keyid="${this.#service}"` +
      `;alg="${ALGORITHM}";nonce="${unique(random)}";tag="${service}"`;
    const base = signatureBase(components, raw, (name) =>
      name === 'content-digest' ? digest : derived(name, method, path),
    );
    const signature = seal(secret, base).toString('base64');
    return { 'signature-input': `${LABEL}=${raw}`, signature: `${LABEL}=:${signature}:` };
  }

  /** Who has signed a request. Nobody where nobody has. @throws Doubt when the signature proves nobody. */
  check(shown: Shown, enforced: boolean): Principal | undefined {
    const [described, signature] = [shown.header('signature-input'), shown.header('signature')];
    if ((described === undefined && signature === undefined) || this.#secrets.size === 0) return undefined;
    believe(described !== undefined && signature !== undefined, 'of signature and signature-input one is missing');
    const input = readSignatureInput(described, this.#service);
    const { keyid, nonce } = this.#checkParameters(input);
    const { method, path } = shown;
    const base = signatureBase(input.components, input.raw, (name) =>
      name.startsWith('@') ? derived(name, method, path) : shown.header(name)?.trim(),
    );
    const given = readSignature(signature, input.label);
    const secrets = this.#secrets.get(keyid) ?? [];
    believe(
      secrets.some((secret) => equal(seal(secret, base), given)),
      'its signature is not good',
    );
    this.#checkBody(shown, input, enforced);
    const use = this.#nonces.use(keyid, nonce, this.#env.clock.now(), Number(input.parameters.created));
    believe(use !== 'again', 'it has been used before');
    believe(use === 'first', 'too many signed requests came to know them all apart');
    return principalOf({ name: keyid, trustDomain: '' }, 'signature');
  }

  #checkParameters({ components, parameters }: SignatureInput): { readonly keyid: string; readonly nonce: string } {
    const { created, expires, keyid, nonce, alg, tag } = parameters;
    const now = this.#env.clock.epoch() / 1_000;
    believe(
      ALWAYS.every((name) => components.includes(name)),
      'it does not sign method, path and query',
    );
    believe(alg === undefined || alg === ALGORITHM, 'its algorithm is another');
    believe(tag === this.#service, 'it is for another service');
    believe(typeof created === 'number' && Math.abs(now - created) <= WINDOW_S, 'it is not of this moment');
    believe(expires === undefined || (typeof expires === 'number' && expires > now), 'it has expired');
    believe(
      typeof nonce === 'string' && nonce.length >= 16 && nonce.length <= 64,
      'its nonce has not 16 to 64 letters',
    );
    believe(typeof keyid === 'string' && this.#secrets.has(keyid), 'no secret is shared with who has signed it');
    return { keyid, nonce };
  }

  #checkBody({ incoming }: Shown, { components }: SignatureInput, enforced: boolean): void {
    const request = incoming as IncomingMessage | undefined;
    const signed = components.includes('content-digest');
    believe(request !== undefined, 'its body can not be looked at');
    believe(signed || !hasBody(request), 'its body is not signed');
    if (!signed) return;
    const { clock, events } = this.#env;
    guardBody(request, request.headers['content-digest'] as string, () => {
      const facts = { at: clock.epoch(), service: this.#service, type: 'identify', route: '' } as const;
      const problem = 'the body is not the one that was signed';
      events.emit({ ...facts, principal: '', by: 'nothing', issuer: '', problem, enforced });
      return enforced;
    });
  }
}

/** The signature of a base, by HMAC using SHA-256 (RFC 9421, 3.3.3). */
export const seal = (secret: string | Uint8Array, base: string): Buffer =>
  createHmac('sha256', secret).update(base).digest();

const equal = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
