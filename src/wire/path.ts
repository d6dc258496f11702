// What a path means, whatever way it is written: rules that guard paths must not be talked round by spelling.

const UNRESERVED = /%(4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae]|3[0-9]|2d|2e)/gi;
const PLAIN = /^(?:\/[\w~-][\w.~-]*)+\/?$/; // as most are: nothing escaped, nothing to resolve
const UNCLEAR = /%(?:2f|5c|00|25)|%(?![0-9a-f]{2})|[\\;\x00-\x20\x7f]/i;

/**
 * The path of a request target, without its query, in the one spelling of RFC 3986, section 6: what needs no escaping is
 * not escaped, `.` and `..` are resolved, slashes stand alone. Undefined where it is unclear what a server behind
 * would make of it: escaped slashes and per cents, backslashes, parameters (`;`), and all that is no path.
 */
export function plainPath(target: string): string | undefined {
  const end = target.search(/[?#]/);
  const path = end < 0 ? target : target.slice(0, end);
  if (PLAIN.test(path)) return path;
  if (!path.startsWith('/') || UNCLEAR.test(path)) return undefined;
  const decoded = path.replace(UNRESERVED, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const segments: string[] = [];
  const parts = decoded.split('/').slice(1);
  for (const part of parts) {
    if (part === '..') segments.pop();
    else if (part !== '.' && part !== '') segments.push(part);
  }
  const last = parts.at(-1);
  const isFolder = segments.length > 0 && (last === '' || last === '.' || last === '..');
  return `/${segments.join('/')}${isFolder ? '/' : ''}`;
}
