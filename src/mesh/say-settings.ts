import type { Setting } from '../policy/policy.ts';

type Section = Readonly<Record<string, Setting>>;

/** Characters of the longest name of a section. */
export const NAME = 12;

const LONGEST = 160; // characters of one setting; an answer at hand may have a body of any length
const NONE: ReadonlySet<unknown> = new Set(['off', '', '0ms', 0]);
const NEVER_OFF: ReadonlySet<string> = new Set(['attempt']); // without a limit of time, it still has one to connect

/** The settings of a section in a line: what they are, and where those that are no defaults came from. */
export function saySettings(name: string, section: Section | undefined): string {
  const fields = Object.entries(section ?? {});
  if (isOff(name, section)) return 'off';
  return fields
    .filter(([, setting]) => setting.from !== 'default' || !isEmpty(setting.value))
    .map(([field, { value, from }]) => `${field} ${said(value)}${from === 'default' ? '' : ` (${from})`}`)
    .join(', ');
}

/** Sections that are no slots: a line for each that is on, and one for all that are off. */
export function saySections(sections: readonly (readonly [name: string, section: Section])[]): readonly string[] {
  const off = sections.filter(([name, section]) => isOff(name, section)).map(([name]) => name);
  return [
    ...sections
      .filter(([name]) => !off.includes(name))
      .map(([name, section]) => `    ${name.padEnd(NAME)} ${saySettings(name, section)}`),
    ...(off.length === 0 ? [] : [`    ${'off'.padEnd(NAME)} ${off.join(', ')}`]),
  ];
}

/** Whether nobody has said anything of it, and it does nothing unless told. The first field of a section is its switch. */
function isOff(name: string, section: Section | undefined): boolean {
  const settings = Object.values(section ?? {});
  const [first] = settings;
  if (first === undefined || NEVER_OFF.has(name)) return false;
  return settings.every(({ from }) => from === 'default') && (NONE.has(first.value) || isEmpty(first.value));
}

const isEmpty = (value: unknown): boolean =>
  value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);

/** A setting as it is written; lists of words are shorter without their quotes. */
function said(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const isPlain = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one !== 'object');
  return shortened(isPlain ? value.join('/') : JSON.stringify(value));
}

const shortened = (text: string): string => (text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`);
