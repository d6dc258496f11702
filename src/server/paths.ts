import { decodePattern, readings } from '../wire/path.ts';

const EXACT = /^[\w/-]*[\w-]$/; // nothing in it that servers might see otherwise

/** What the path of one request may mean, found out once for all the rules that ask. */
export class Paths {
  readonly #target: string;
  #read: readonly string[] | undefined | null = null; // not found out yet
  #bare: readonly string[] | undefined;

  /** The path and query, as they came. */
  constructor(target: string) {
    this.#target = target;
  }

  /** As servers may read it; undefined where nobody can know. */
  get read(): readonly string[] | undefined {
    if (this.#read === null) this.#read = readings(this.#target);
    return this.#read;
  }

  /** The same, as servers see it that are not exact. */
  get bare(): readonly string[] | undefined {
    this.#bare ??= this.read?.map(bare);
    return this.#bare;
  }
}

/** Letters that look alike are one; dots and blanks at the end, which Windows leaves out, are none. */
export function bare(path: string): string {
  if (EXACT.test(path)) return path;
  const segments = path.normalize('NFKC').split('/').map(withoutEnd);
  if (segments.length > 2 && segments.at(-1) === '') segments.pop();
  return segments.join('/');
}

function withoutEnd(segment: string): string {
  let end = segment.length;
  while (end > 0 && (segment[end - 1] === '.' || segment[end - 1] === ' ')) end--;
  return end === 0 ? segment : segment.slice(0, end); // nothing but dots is a way, and no name
}

/**
 * Whether a request is for one of the paths listed. What guards is `wide`: for any path that a server might make of it,
 * and for one that is unclear. What opens is for all that servers might make of it, and for none that is unclear.
 */
export function pathTest(listed: readonly string[], wide: boolean): (paths: Paths) => boolean {
  const forms = listed.map((pattern) => new RegExp(`^${formOf(decodePattern(pattern), wide)}$`, wide ? 'isu' : 'su'));
  const fits = (path: string): boolean => forms.some((form) => form.test(path));
  return wide ? ({ bare }) => bare?.some(fits) ?? true : ({ read }) => read?.every(fits) ?? false;
}

/** The form of a path pattern: `{x}` is one segment, `{x*}` at the end the rest; `*` at either end is anything. */
function formOf(pattern: string, wide: boolean): string {
  const plain = wide ? pattern.normalize('NFKC') : pattern;
  const [, before = '', middle = '', after = ''] = /^(\*?)(.*?)(\*?|\{[^/{}]*\*\})$/s.exec(plain) ?? [];
  const exact = wide && after === '' && middle.length > 1 ? middle.replace(/\/$/, '') : middle;
  const written = exact
    .split(/(\{[^/{}]*\})/)
    .map((part) => (part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  // Who guards a folder guards its name, too: `/admin/*` speaks of `/admin`.
  const rest = wide && written.endsWith('/') && written.length > 1 ? `${written.slice(0, -1)}(?:/.*)?` : `${written}.*`;
  return (before && '.*') + (after === '' ? written : rest);
}
