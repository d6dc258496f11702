// W3C Baggage: what a request carries along for all who serve it, hop after hop, whatever language they are written in.

/** How much the request matters: `critical`, `default` or `sheddable`. */
export const PRIORITY_MEMBER = 'inmesh.priority';

const MOST_MEMBERS = 64; // what the recommendation asks to be passed on at least, and all that we do
const MOST_BYTES = 8_192;

const KEY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/; // a token (RFC 9110)
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const PROPERTY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*=[ \t]*[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*)?$/;

/** What came with a request, or goes with a call. Never changes: `with` gives back another. */
export class Baggage {
  /** As it goes on the wire: only what is well-formed, within the limits, each key once. */
  readonly text: string;
  readonly #members: ReadonlyMap<string, string>;

  private constructor(members: ReadonlyMap<string, string>) {
    this.#members = members;
    this.text = [...members].map(([key, rest]) => `${key}=${rest}`).join(',');
  }

  /** None at all. */
  static readonly NONE = new Baggage(new Map());

  /**
   * Reads a `baggage` header. A member that is not well-formed, one too many, and the second of a key are dropped, and
   * the others stand; a header that is longer than 8,192 bytes counts as absent.
   */
  static parse(header: string | undefined): Baggage {
    if (header === undefined || header === '' || header.length > MOST_BYTES) return Baggage.NONE;
    const members = new Map<string, string>();
    for (const part of header.split(',', MOST_MEMBERS)) {
      const member = memberOf(part);
      if (member !== undefined && !members.has(member[0])) members.set(...member);
    }
    return members.size === 0 ? Baggage.NONE : new Baggage(members);
  }

  /** The value of a member, decoded; undefined where there is none, or none that decodes. */
  get(key: string): string | undefined {
    const rest = this.#members.get(key);
    if (rest === undefined) return undefined;
    const end = rest.indexOf(';');
    try {
      return decodeURIComponent(end < 0 ? rest : rest.slice(0, end));
    } catch {
      return undefined;
    }
  }

  /** Whether a text may be a key: a token of HTTP. */
  static isKey(text: string): boolean {
    return KEY.test(text);
  }

  /**
   * The same with another member, or without it where `value` is undefined. Where there is no room it stays as it is.
   * @throws TypeError when the key is no token.
   */
  with(key: string, value: string | undefined): Baggage {
    if (!KEY.test(key)) throw new TypeError(`a key of baggage must be a token such as 'user.id', got '${key}'`);
    const members = new Map(this.#members);
    if (value === undefined) members.delete(key);
    else members.set(key, encoded(value));
    const next = members.size === 0 ? Baggage.NONE : new Baggage(members);
    return members.size <= MOST_MEMBERS && next.text.length <= MOST_BYTES ? next : this;
  }
}

/** Half of a pair of surrogates, as where a name was cut short, is no character and can not be sent. */
const encoded = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replace(/['()]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);

/** Key and all that follows its `=`; blanks that HTTP allows are dropped. */
function memberOf(part: string): [string, string] | undefined {
  const [pair = '', ...properties] = part.split(';').map(trim);
  const at = pair.indexOf('=');
  const [key, value] = [trim(pair.slice(0, at)), trim(pair.slice(at + 1))];
  if (at < 0 || !KEY.test(key) || !VALUE.test(value) || !properties.every((one) => PROPERTY.test(one)))
    return undefined;
  return [key, [value, ...properties].join(';')];
}

const trim = (text: string): string => text.replace(/^[ \t]+|[ \t]+$/g, '');
