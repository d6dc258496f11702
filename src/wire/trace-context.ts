/** The part of a trace that travels: W3C Trace Context, levels 1 and 2. */
export interface Trace {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** The span that what follows belongs to: 16 lower-case hex digits, not all zero. A trace that begins here has none. */
  readonly parentId: string | undefined;
  /** 8 bits: 1 is sampled, 2 says that the trace id is random (level 2). */
  readonly flags: number;
  /** The `tracestate` that came along, as it came; empty when there was none. */
  readonly state: string;
}

export const SAMPLED = 1;
export const RANDOM_ID = 2;

const KNOWN = SAMPLED | RANDOM_ID; // other bits are for later versions to define
const USUAL = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/; // as nearly all are: read in half the time
const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST_STATE = 512; // what must be passed on, at least
const LONGEST_READ = 8_192; // 32 members of the longest kind; what is longer is none

/** Reads `traceparent` and `tracestate`, strictly; undefined when there is nothing to go on with. */
export function parseTrace(traceparent: string | undefined, tracestate = ''): Trace | undefined {
  if (traceparent === undefined || traceparent.length > 512) return undefined;
  if (USUAL.test(traceparent)) {
    const flags = Number.parseInt(traceparent.slice(53), 16) & KNOWN;
    return {
      traceId: traceparent.slice(3, 35),
      parentId: traceparent.slice(36, 52),
      flags,
      state: stateOf(tracestate),
    };
  }
  const [, version, traceId, parentId, flags, more] = FORM.exec(trim(traceparent)) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId!) || /^0+$/.test(parentId!)) return undefined;
  const known = Number.parseInt(flags!, 16) & KNOWN;
  return { traceId: traceId!, parentId: parentId!, flags: known, state: stateOf(tracestate) };
}

/** Without the blanks that HTTP allows around a value; other white space has no business there. */
const trim = (text: string): string =>
  isBlank(text, 0) || isBlank(text, text.length - 1) ? text.replace(BLANKS, '') : text;

const BLANKS = /^[ \t]+|[ \t]+$/g;

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 9;
}

const MEMBER = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/; // level 2
const LARGE = 128; // characters of a member that goes first where not all can be passed on

/** The list members of a `tracestate`, as many as are passed on; empty when any of them is not as it must be. */
function stateOf(tracestate: string): string {
  if (tracestate === '' || tracestate.length > LONGEST_READ) return '';
  const members = tracestate
    .split(',')
    .map(trim)
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  const valid = members.length <= 32 && keys.size === members.length && members.every((member) => MEMBER.test(member));
  return valid ? shortened(members) : '';
}

/** Whole members only: the large ones are left out first, then those at the end, which have been there longest. */
function shortened(members: readonly string[]): string {
  const all = members.join(',');
  if (all.length <= LONGEST_STATE) return all;
  const kept = members.filter((member) => member.length <= LARGE);
  while (kept.join(',').length > LONGEST_STATE) kept.pop();
  return kept.join(',');
}

const TAILS = ['-00', '-01', '-02', '-03'];

/** A `traceparent` of version 00 that names a new span as the parent. */
export const formatTrace = (trace: Trace, prefix: string, bits: () => number): string =>
  // biome-ignore lint/style/useTemplate: a template asks of each part anew whether it is text, 10 ns each
  '00-' + trace.traceId + prefix + hexAndFlags(bits(), trace.flags & 3);

/** A `traceparent` of version 00 that names the trace's own span as the parent. */
export const formatSpan = ({ traceId, parentId, flags }: Trace): string =>
  `00-${traceId}-${parentId}${TAILS[flags & 3]}`;

// A process draws one half of each id once, and keeps it.

/** The half of a span id that one process keeps, as `formatTrace` wants it: a dash and 8 hex digits, not all zero. */
export const newSpanIdPrefix = (bits: () => number): string => `-${hex(bits() | 1)}`;

/** The half of a trace id that one process keeps: 16 hex digits, not all zero, so that the rest may be random bit by bit. */
export const newTraceIdPrefix = (bits: () => number): string => hex(bits()) + hex(bits() | 1);

/** 32 hex digits, never all zero; the last 16 are random, of which level 2 asks 14. */
export const newTraceId = (prefix: string, bits: () => number): string => prefix + hex16(bits(), bits());

const hex = (bits: number): string => (bits >>> 0).toString(16).padStart(8, '0');

// Ids are made for every call: written in one piece, they cost two thirds of the time and a quarter of the bytes that
// they do put together from pairs of digits. A small table, which stays in the processor's nearest cache.

const { fromCharCode } = String;
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const [DASH, ZERO] = [45, 48];

// biome-ignore format: a line for each 32 bits
const hex16 = (a: number, b: number): string => fromCharCode(
  DIGITS[a >>> 28]!, DIGITS[(a >>> 24) & 15]!, DIGITS[(a >>> 20) & 15]!, DIGITS[(a >>> 16) & 15]!, DIGITS[(a >>> 12) & 15]!, DIGITS[(a >>> 8) & 15]!, DIGITS[(a >>> 4) & 15]!, DIGITS[a & 15]!,
  DIGITS[b >>> 28]!, DIGITS[(b >>> 24) & 15]!, DIGITS[(b >>> 20) & 15]!, DIGITS[(b >>> 16) & 15]!, DIGITS[(b >>> 12) & 15]!, DIGITS[(b >>> 8) & 15]!, DIGITS[(b >>> 4) & 15]!, DIGITS[b & 15]!,
);

// biome-ignore format: a line for each 32 bits
const hexAndFlags = (a: number, flags: number): string => fromCharCode(
  DIGITS[a >>> 28]!, DIGITS[(a >>> 24) & 15]!, DIGITS[(a >>> 20) & 15]!, DIGITS[(a >>> 16) & 15]!, DIGITS[(a >>> 12) & 15]!, DIGITS[(a >>> 8) & 15]!, DIGITS[(a >>> 4) & 15]!, DIGITS[a & 15]!,
  DASH, ZERO, ZERO + flags,
);
