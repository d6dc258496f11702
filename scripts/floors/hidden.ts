import { CHANCE, CLOCKS, type House } from './house.ts';
import type { Excuse } from './imports.ts';
import { isMember } from './module.ts';
import type { Token } from './tokens.ts';
import type { Source } from './tree.ts';

const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'performance'];
/** `object.member` pairs that read a clock, roll dice or ask the surroundings. */
const MEMBERS = [
  'Math.random',
  'AbortSignal.timeout',
  'process.env',
  'process.hrtime',
  'process.uptime',
  'crypto.getRandomValues',
  'crypto.randomUUID',
];
/** The same by the name under which `node:` modules give it. */
const NAMED = ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues', 'hrtime'];
const MODULES = ['node:timers', 'node:timers/promises', 'node:perf_hooks'];
const PURE = ['parse', 'UTC']; // of Date: they only compute

/** Clocks and chance only where they are owned. Everything else gets them from outside, so that tests can hold them. */
export function hiddenInputs(sources: readonly Source[], house: House, excused: Excuse): string[] {
  return sources
    .filter(({ path }) => path !== CLOCKS && path !== CHANCE)
    .flatMap(({ path, module: { tokens }, links }) => [
      ...tokens.flatMap((token, at) => {
        const what = hidden(tokens, at);
        return what === undefined || excused(house.hidden, path, what) ? [] : [[path, token.line, what] as const];
      }),
      ...links
        .filter(({ package: name }) => MODULES.includes(name ?? '') && !excused(house.hidden, path, name!))
        .map(({ line, package: name }) => [path, line, name!] as const),
    ])
    .map(([path, line, what]) => `src/${path}:${line} uses ${what}: time and chance come from the Env`);
}

function hidden(tokens: readonly Token[], at: number): string | undefined {
  const { kind, text } = tokens[at]!;
  if (kind !== 'word') return undefined;
  const global = tokens[at - 1]?.text === '.' && tokens[at - 2]?.text === 'globalThis';
  if (isMember(tokens, at) && !global) return undefined;
  const member = tokens[at + 1]?.text === '.' || tokens[at + 1]?.text === '?.' ? tokens[at + 2]?.text : undefined;
  if (member !== undefined && MEMBERS.includes(`${text}.${member}`)) return `${text}.${member}`;
  if (TIMERS.includes(text) || NAMED.includes(text)) return text;
  return text === 'Date' && readsTheClock(tokens, at, member) ? 'Date' : undefined;
}

/** `Date.parse(text)` and `new Date(ms)` compute; `Date.now()`, `new Date()` and `Date()` look at the clock. */
function readsTheClock(tokens: readonly Token[], at: number, member: string | undefined): boolean {
  if (member !== undefined) return !PURE.includes(member);
  const given = tokens[at + 1]?.text === '(' && tokens[at + 2]?.text !== ')';
  return !(given && tokens[at - 1]?.text === 'new');
}
