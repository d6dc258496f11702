import { believe } from './doubt.ts';

/** What a Signature-Input says of one signature that it describes (RFC 9421, 4.1). */
export interface SignatureInput {
  readonly label: string;
  /** The components that are signed, in order. */
  readonly components: readonly string[];
  /** As it stands there, since it is signed like this. */
  readonly raw: string;
  /** Those that are text or whole numbers; null in the place of any other. */
  readonly parameters: Readonly<Record<string, string | number | null>>;
}

const LONGEST = 4_096; // characters

// Dictionaries of structured fields (RFC 9651), spelled as they are sent: what is signed is their one canonical form.
const KEY = '[a-z*][a-z0-9_.*-]*';
const TEXT = String.raw`"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"`;
const NUMBER = String.raw`-?\d{1,12}\.\d{1,3}|-?\d{1,15}`;
const TOKEN = String.raw`[A-Za-z*][\w:/!#$%&'*+.^${'`'}|~-]*`;
const BYTES = ':[A-Za-z0-9+/]*={0,2}:';
const BARE = `(?:${TEXT}|${NUMBER}|${TOKEN}|${BYTES}|\\?[01])`;
const PARAMETERS = `(?:;${KEY}(?:=${BARE})?)*`;
const ITEM = TEXT + PARAMETERS;
const NEXT = String.raw`[ \t]*(?:,[ \t]*(?=.)|$)`;
const DESCRIBED = new RegExp(`(${KEY})=(\\(((?:${ITEM}(?: ${ITEM})*)?)\\)(${PARAMETERS}))${NEXT}`, 'y');
const SIGNED = new RegExp(`(${KEY})=(?::([A-Za-z0-9+/]{1,512}={0,2}):|${BARE})${PARAMETERS}${NEXT}`, 'y');
const PARAMETER = new RegExp(`;(${KEY})(?:=(?:(${TEXT})|(\\d{1,15})(?![\\d.])|${BARE}))?`, 'y');
const COMPONENT = /"([\x20\x21\x23-\x5b\x5d-\x7e]+)"(?: |$)/y;

/**
 * Reads what is said of the signature that is meant for `tag`: of several, since proxies may add their own (4.3), the one
 * that says so; one that stands alone is it. No component of it has parameters. @throws Doubt
 */
export function readSignatureInput(value: string, tag: string): SignatureInput {
  const trimmed = value.trim();
  const found = trimmed.length <= LONGEST ? each(DESCRIBED, trimmed) : undefined;
  believe(found !== undefined && found.length > 0, 'signature-input can not be read');
  const labels = new Set(found.map(([, label]) => label));
  believe(labels.size === found.length, 'signature-input can not be read, as it describes one signature twice');
  const all = found.map(([, label, raw, listed, after]) => ({ label, raw, listed, parameters: parametersOf(after!) }));
  const ours = all.length === 1 ? all : all.filter(({ parameters }) => parameters.tag === tag);
  believe(ours.length > 0, 'it is for another service');
  believe(ours.length === 1, 'it has several signatures for us');
  const { label, raw, listed, parameters } = ours[0]!;
  const components = each(COMPONENT, listed!)?.map(([, name]) => name!);
  believe(components !== undefined, 'signature-input can not be read, or has components that we do not know');
  believe(new Set(components).size === components.length, 'signature-input names a component twice');
  return { label: label!, components, raw: raw!, parameters };
}

function parametersOf(text: string): SignatureInput['parameters'] {
  const found = new Map<string, string | number | null>();
  for (const [, name, said, number] of each(PARAMETER, text) ?? []) {
    believe(!found.has(name!), 'the parameters of signature-input can not be read');
    const plain = said?.slice(1, -1).replace(/\\(.)/g, '$1') ?? null;
    found.set(name!, number === undefined ? plain : Number(number));
  }
  return Object.fromEntries(found);
}

/** The bytes of the signature of this label. @throws Doubt */
export function readSignature(value: string, label: string): Buffer {
  const fitting = each(SIGNED, value.trim())?.filter(([, name]) => name === label);
  const bytes = fitting?.length === 1 ? fitting[0]![2] : undefined;
  believe(bytes !== undefined, 'signature can not be read');
  return Buffer.from(bytes, 'base64');
}

/** What `form` finds, one behind the other, from the beginning of a text to its end; nothing where it does not get there. */
function each(form: RegExp, text: string): readonly RegExpExecArray[] | undefined {
  const found: RegExpExecArray[] = [];
  for (form.lastIndex = 0; form.lastIndex < text.length; ) {
    const one = form.exec(text);
    if (one === null) return undefined;
    found.push(one);
  }
  return found;
}
