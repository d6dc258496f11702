/** Text that stays on its line and within its quotes, and plays no tricks on who reads it in a terminal. */
export const escaped = (value: string): string =>
  value.replaceAll(/[^\x20-\x7e]|["\\]/gu, (sign) => {
    const code = sign.codePointAt(0)!;
    return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
