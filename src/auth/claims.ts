import { anyText } from '../core/patterns.ts';
import type { Compact } from './compact.ts';
import { believe, quote } from './doubt.ts';

/** How far the clocks of two machines may be apart. */
export const SKEW_S = 60;

const TYPES: readonly (string | undefined)[] = [undefined, 'jwt', 'jose', 'at+jwt'];
/** It stands in logs and rules: no line may end in it, and none of it may be unseen or turn what stands behind it round. */
const NAME = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,1024}$/u;

/** What must be true of a token besides its signature. */
export interface Expected {
  readonly audiences: readonly string[];
  /** The type it must have; nothing takes the usual ones. */
  readonly type: string | undefined;
  /** The claim that names who it is about. */
  readonly name: string;
  /** Whom it may name; anybody but workloads of SPIFFE where that is not said. */
  readonly names: readonly string[] | undefined;
  /** For how long it may be good, from its issue to its end. */
  readonly longestS: number;
}

/** Who a token is about. `now` is in seconds since 1970 began. @throws Doubt when what it says is not as it must be. */
export function checkClaims({ claims, type }: Compact, expected: Expected, now: number): string {
  checkType(type, expected.type);
  checkTimes(claims, expected.longestS, now);
  const { aud } = claims;
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  believe(
    audiences.some((one) => typeof one === 'string' && expected.audiences.includes(one)),
    'it is for another audience',
  );
  const name = claims[expected.name];
  believe(typeof name === 'string' && NAME.test(name), `its ${quote(expected.name)} names nobody`);
  const may = expected.names === undefined ? !name.startsWith('spiffe:') : anyText(expected.names, name);
  believe(may, `its issuer may not name ${quote(name)}`);
  return name;
}

function checkType(type: string | undefined, wanted: string | undefined): void {
  const bare = type?.toLowerCase().replace(/^application\//, '');
  const fits = wanted === undefined ? TYPES.includes(bare) : bare === wanted.toLowerCase();
  believe(fits, `its type is ${quote(type ?? '')}`);
}

function checkTimes({ exp, nbf, iat }: Readonly<Record<string, unknown>>, longestS: number, now: number): void {
  believe(isTime(exp), 'it has no end');
  believe(nbf === undefined || isTime(nbf), 'its beginning is no time');
  believe(iat === undefined || isTime(iat), 'its issue is no time');
  believe(exp + SKEW_S > now, 'it has expired');
  believe(nbf === undefined || nbf - SKEW_S <= now, 'it is not good yet');
  believe(iat === undefined || iat - SKEW_S <= now, 'it was issued in the future');
  believe(exp - (iat ?? now - SKEW_S) <= longestS, 'it is good for too long');
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER;
