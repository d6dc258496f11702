/** Whether a text is one of those listed: `a` is a, `a*` begins so, `*a` ends so, `*` is anything but nothing. */
export const anyText = (listed: readonly string[], text: string): boolean => listed.some((one) => isText(one, text));

/** Whether a text is as one pattern says. */
export function isText(pattern: string, text: string): boolean {
  if (pattern === '*') return text !== '';
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  return text === pattern && text !== '';
}
