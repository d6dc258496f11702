import { Routes } from './route.ts';
import type { Policy } from './table.ts';

/** A rule of `route`. */
export type RouteRule = Policy['route']['rules'][number];

/** Where a rule sends calls. */
export type RouteTarget = RouteRule['to'][number];

/** What a rule looks at. */
export interface Matched {
  readonly method: string | undefined;
  readonly path: string | undefined;
  /** A header by its lower-case name. */
  header(name: string): string | undefined;
}

/** A rule, read once. */
export interface ReadRouteRule {
  readonly rule: RouteRule;
  /** Whether a call falls under it. */
  fits(call: Matched): boolean;
  /** Where it goes, for a number from 0, inclusive, to 1, exclusive. A share that grows keeps those that it had. */
  target(share: number): RouteTarget | undefined;
}

/** Reads a rule. */
export function readRouteRule(rule: RouteRule): ReadRouteRule {
  const path = rule.path === '' ? undefined : new Routes([rule.path]);
  const headers = Object.entries(rule.headers).map(([name, wanted]) => [name.toLowerCase(), wanted] as const);
  const query = Object.entries(rule.query);
  const total = rule.to.reduce((sum, { weight }) => sum + weight, 0);
  return {
    rule,
    fits(call) {
      if (rule.method !== '' && call.method !== rule.method) return false;
      const isThere =
        path === undefined || (call.path !== undefined && path.match(call.method ?? '', call.path) !== undefined);
      if (!isThere) return false;
      if (!headers.every(([name, wanted]) => isWanted(call.header(name), wanted))) return false;
      if (query.length === 0) return true;
      const asked = new URLSearchParams(call.path?.split('?', 2)[1] ?? '');
      return query.every(([name, wanted]) => isWanted(asked.get(name) ?? undefined, wanted));
    },
    target(share) {
      let at = share * total;
      return rule.to.find(({ weight }) => {
        at -= weight;
        return at < 0;
      });
    },
  };
}

const isWanted = (value: string | undefined, wanted: string): boolean =>
  value !== undefined && (wanted === '*' || value === wanted);
