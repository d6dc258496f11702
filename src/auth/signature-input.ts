import { believe } from './doubt.ts';

/** What a Signature-Input says of the one signature that it describes (RFC 9421, 4.1). */
export interface SignatureInput {
  readonly label: string;
  /** The components that are signed, in order. */
  readonly components: readonly string[];
  /** As it stands there, since it is signed like this. */
  readonly raw: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

const LONGEST = 4_096; // characters
const WHOLE =
  /^([a-z*][a-z0-9_.*-]*)=(\(((?:"[\x20\x21\x23-\x5b\x5d-\x7e]+")?(?: "[\x20\x21\x23-\x5b\x5d-\x7e]+")*)\)((?:;[^,]*)?))$/;
const PARAMETER = /;([a-z*][a-z0-9_.*-]*)=(?:"([\x20\x21\x23-\x5b\x5d-\x7e]*)"|(\d{1,15}))/y;

/** Reads the one form of it that we take: one signature, whose components have no parameters. @throws Doubt */
export function readSignatureInput(value: string): SignatureInput {
  const [, label, raw, listed, after] = (value.length <= LONGEST && WHOLE.exec(value.trim())) || [];
  believe(label !== undefined && raw !== undefined, 'signature-input can not be read');
  const components = listed === '' ? [] : listed!.slice(1, -1).split('" "');
  believe(new Set(components).size === components.length, 'signature-input names a component twice');
  return { label, components, raw, parameters: parametersOf(after!) };
}

function parametersOf(text: string): Readonly<Record<string, string | number>> {
  const found = new Map<string, string | number>();
  for (PARAMETER.lastIndex = 0; PARAMETER.lastIndex < text.length; ) {
    const [, name, said, number] = PARAMETER.exec(text) ?? [];
    believe(name !== undefined && !found.has(name), 'the parameters of signature-input can not be read');
    found.set(name, said ?? Number(number));
  }
  return Object.fromEntries(found);
}

/** The bytes of the signature of this label. @throws Doubt */
export function readSignature(value: string, label: string): Buffer {
  const [, name, bytes] = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]{1,512}={0,2}):$/.exec(value.trim()) ?? [];
  believe(name === label && bytes !== undefined, 'signature can not be read');
  return Buffer.from(bytes, 'base64');
}
