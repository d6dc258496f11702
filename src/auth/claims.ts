import { anyText } from '../core/patterns.ts';
import type { Compact } from './compact.ts';
import { believe, Doubt, quote } from './doubt.ts';

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
}

/** Who a token is about. What it says of its time is asked apart. @throws Doubt when it is not as it must be. */
export function nameIn({ claims, type }: Compact, expected: Expected): string {
  checkType(type, expected.type);
  const { aud } = claims;
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((one): one is string => typeof one === 'string');
  const isOurs = audiences.some((one) => expected.audiences.includes(one));
  if (!isOurs) throw new Doubt(`it is for another audience, ${quote(audiences.slice(0, 3).join(', '))}`);
  const name = claims[expected.name];
  believe(typeof name === 'string' && NAME.test(name), () => `its ${quote(expected.name)} names nobody`);
  const may = expected.names === undefined ? !name.startsWith('spiffe:') : anyText(expected.names, name);
  believe(may, () => `its issuer may not name ${quote(name)}`);
  return name;
}

function checkType(type: string | undefined, wanted: string | undefined): void {
  const bare = type?.toLowerCase().replace(/^application\//, '');
  const fits = wanted === undefined ? TYPES.includes(bare) : bare === wanted.toLowerCase();
  believe(fits, () => `its type is ${quote(type ?? '')}`);
}

/** `now` is in seconds since 1970 began. @throws Doubt when a token is not good at that time. */
export function checkTimes({ exp, nbf, iat }: Readonly<Record<string, unknown>>, longestS: number, now: number): void {
  believe(isTime(exp), 'it has no end');
  believe(nbf === undefined || isTime(nbf), 'its beginning is no time');
  believe(iat === undefined || isTime(iat), 'its issue is no time');
  // By how much, since it is clocks that differ where all tokens of somebody are late.
  if (exp + SKEW_S <= now) throw new Doubt(`it has expired, ${seconds(now - exp)} ago`);
  if (nbf !== undefined && nbf - SKEW_S > now) throw new Doubt(`it is not good yet, for ${seconds(nbf - now)}`);
  if (iat !== undefined && iat - SKEW_S > now) throw new Doubt(`it was issued in the future, in ${seconds(iat - now)}`);
  believe(exp - (iat ?? now - SKEW_S) <= longestS, 'it is good for too long');
}

const seconds = (s: number): string => `${Math.round(s)} s`;

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER;
