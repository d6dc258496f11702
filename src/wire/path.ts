// What a path means, whatever way it is written: rules that guard paths must not be talked round by spelling.

const PLAIN = /^(?:\/[\w~-][\w.~-]*)+\/?$/; // as most are: nothing escaped, nothing to resolve
const UNCLEAR = /%(?:2f|5c|25|7f|[01][0-9a-f])|%(?![0-9a-f]{2})|[^\x21-\x7e]|[\\;#]/i;
const ESCAPED = /(?:%[0-9A-F]{2})+/gi;
/** Signs that are a dot, a slash or what ends a path (`;`, `?`, `#`), or have one in them, for who takes what looks alike for one (NFKC). */
const ALIKE =
  /[\u037e\u2024-\u2026\u2047-\u2049\u2100\u2101\u2105\u2106\ufe14\ufe16\ufe19\ufe30\ufe52\ufe54\ufe56\ufe5f\uff03\uff0e\uff0f\uff1b\uff1f]/g;
const UNCLEAR_ALIKE = /[\ufe68\ufe6a\uff05\uff3c]/; // a backslash or a per cent, for the same
/** What may stand in a path as it is (`pchar` of RFC 3986, 3.3): who escapes it writes the same in another way. */
const NEEDLESS = /%(?:2[146-9a-e]|3[0-9abd]|4[0-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i;

/**
 * The paths that servers may make of a request target, without its query: as it stands, with what is escaped read, with
 * `.` and `..` resolved, with slashes that stand together as one, without what two slashes at its beginning make a
 * host of, as `new URL(target, base)` does, and with signs that look like slashes, dots and what ends a path as these.
 * One, for most. Undefined where nobody can know what a server would make of it: escaped slashes, per cents and controls,
 * backslashes, what looks like a backslash or a per cent, parameters (`;`), what is no UTF-8, and all that is no path.
 */
export function readings(target: string): readonly string[] | undefined {
  const end = target.indexOf('?');
  const path = end < 0 ? target : target.slice(0, end);
  if (PLAIN.test(path)) return [path];
  if (!path.startsWith('/') || UNCLEAR.test(path)) return undefined;
  const decoded = decode(path);
  if (decoded === undefined || UNCLEAR_ALIKE.test(decoded)) return undefined;
  const written = path.replace(ESCAPED, (run) => (NEEDLESS.test(run) ? run.toUpperCase() : decodeURIComponent(run)));
  const alike = decoded.replace(ALIKE, (sign) => sign.normalize('NFKC'));
  const all = alike === decoded ? forms(decoded) : [...forms(decoded), ...forms(alike)];
  return [...new Set([written, ...all.flatMap((form) => [form, resolved(form, false), resolved(form, true)])])];
}

/** What is decoded, and what is left of it where that is read once more: without host, parameters, query and fragment. */
function forms(decoded: string): readonly string[] {
  const found = [decoded];
  if (/[?#;]/.test(decoded)) found.push(decoded.replace(/[?#].*$/s, '').replace(/;[^/]*/g, ''));
  if (decoded.startsWith('//')) found.push(decoded.replace(/^\/+[^/]*/, '') || '/');
  return found;
}

/** A pattern of paths with what is escaped read, as `readings` has it. */
export const decodePattern = (pattern: string): string => decode(pattern) ?? pattern;

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // no UTF-8
  }
}

/** Without `.` and `..` (RFC 3986, 5.2.4); `merged` takes slashes that stand together for one before. */
function resolved(path: string, merged: boolean): string {
  const segments: string[] = [];
  const parts = path.split('/').slice(1);
  for (const part of parts) {
    if (part === '..') segments.pop();
    else if (part !== '.' && !(merged && part === '')) segments.push(part);
  }
  const last = parts.at(-1);
  const isFolder = segments.length > 0 && (last === '.' || last === '..' || (merged && last === ''));
  return `/${segments.join('/')}${isFolder ? '/' : ''}`;
}
