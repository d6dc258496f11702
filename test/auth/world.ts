import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import type { IdentityOptions } from '../../src/auth/options.ts';
import type { Mesh } from '../../src/mesh/mesh.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import type { Arrival } from '../../src/server/arrival.ts';
import type { RequestContext } from '../../src/server/request-context.ts';
import { anArrival } from '../support/arrival.ts';
import { aMesh, type MeshInTest } from '../support/mesh.ts';

/** Who issues tokens in these tests. */
export const ISSUER = 'https://issuer.example';

/** Another, who issues tokens of a type of their own, for a minute. */
export const OTHER = 'https://other.example';

/** A pair of keys, and what others see of it. */
export interface TestKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK & { readonly kid: string };
}

export async function aKey(kid: string, alg = 'ES256'): Promise<TestKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

/** A token of `checkout` for `orders`, good for five minutes from `epoch`; `undefined` takes a claim away. */
export function aToken(
  { kid, alg, privateKey }: TestKey,
  epoch: number,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const now = Math.floor(epoch / 1_000);
  const usual = { iss: ISSUER, sub: 'checkout', aud: 'orders', iat: now, exp: now + 300 };
  const all = Object.fromEntries(Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined));
  return new SignJWT(all).setProtectedHeader({ alg, kid, ...header }).sign(privateKey);
}

/** Base64url of JSON, or of text as it is. */
export const part = (value: object | string): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** What came of a request. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What the handler knew; nothing where it was not asked. */
  readonly principal: RequestContext['principal'] | undefined;
}

/** A mesh of `orders` with an identity, whose policy finds out who calls. */
export async function anIdentified(
  identity: IdentityOptions | undefined,
  policy: PolicySections = { identify: { mode: 'enforce' } },
): Promise<MeshInTest> {
  return aMesh({ service: 'orders', policy: { defaults: policy }, ...(identity && { identity }) });
}

/** A mesh of `orders` that believes both issuers, and what tests ask of it. */
export async function twoIssuers(keys: readonly TestKey[], other: TestKey) {
  const world = await anIdentified({
    issuers: [
      { issuer: ISSUER, keys: { keys: keys.map(({ jwk }) => jwk) } },
      { issuer: OTHER, keys: { keys: [other.jwk] }, type: 'at+jwt', name: 'client_id', maxLifetimeMs: 60_000 },
    ],
  });
  const epoch = (): number => world.env.clock.epoch();
  return {
    ...world,
    epoch,
    seconds: (): number => Math.floor(epoch() / 1_000),
    refused: (token: string, why: RegExp): Promise<void> => refuses(world, token, why),
    close: async (): Promise<void> => {
      await world.mesh.close();
      assert.equal(world.env.clock.pending, 0);
    },
  };
}

/** Asks a mesh as a request with these headers does. */
export async function ask(mesh: Mesh, headers: Record<string, string>, more: Partial<Arrival> = {}): Promise<Answered> {
  const arrival = anArrival({
    path: '/orders/7?x=1',
    headers,
    serve: ({ principal }) => ({ status: 200, headers: {}, body: '', principal }),
    refuse: ({ status, headers, body }): Answered => ({ status, headers, body, principal: undefined }),
  });
  return (await mesh.receive({ ...arrival, ...more })) as Answered;
}

export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** The token is refused with 401, for the reason given in the audit and in no answer, and shows up nowhere. */
export async function refuses({ mesh, env }: MeshInTest, token: string, why: RegExp): Promise<void> {
  const told = env.told.length;
  const answer = await ask(mesh, bearer(token));
  assert.equal(answer.status, 401);
  assert.equal(answer.headers['www-authenticate'], 'Bearer error="invalid_token"');
  assert.equal(JSON.parse(answer.body).detail, 'Who sent the request was not proven.');
  const events = env.told.slice(told);
  const [audit] = events.filter((event) => event.type === 'identify');
  assert.ok(audit?.type === 'identify' && audit.enforced && audit.principal === '');
  assert.match(audit.problem, why);
  assert.ok(!answer.body.includes(audit.problem));
  if (token.length > 20) assert.ok(!JSON.stringify([answer, events]).includes(token.slice(0, 20)), 'the token shows');
}

/** Text signed with an ES256 key as it is written, which no library would write. */
export async function signedAsIs({ privateKey }: TestKey, head: string, body: string): Promise<string> {
  const input = `${part(head)}.${part(body)}`;
  const bytes = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(bytes).toString('base64url')}`;
}
