/** Why a proof proves nothing. For the audit: it quotes nothing that was shown but names. */
export class Doubt extends Error {
  override readonly name = 'Doubt';
}

/** @throws Doubt with `why` unless it holds; what takes time to say is said only then. */
export function believe(holds: boolean, why: string | (() => string)): asserts holds {
  if (!holds) throw new Doubt(typeof why === 'string' ? why : why());
}

/** What somebody else wrote, as an audit may show it: short, and without what could forge a line of a log, or is not seen. */
export const quote = (text: string): string =>
  `'${text.slice(0, 100).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?')}'`;
