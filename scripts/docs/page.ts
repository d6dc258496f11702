/** What stands at the top of every page that is made from code. */
export const made = (from: string): string =>
  `<!-- Made from ${from} by \`npm run docs\`. Do not edit: the next run writes it anew. -->`;

/** A table of Markdown. */
export function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A piece of code inside a line of Markdown. */
export const code = (text: string): string => `\`${text}\``;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
