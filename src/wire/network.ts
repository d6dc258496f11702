const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/**
 * Whom an address stands for: an IPv4 address for itself, an IPv6 address for its network of 64 bits, since that is the
 * least that one customer is given, who may come from any address in it.
 */
export function networkOf(address: string): string {
  const mapped = MAPPED.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return mapped ?? address;
  const [plain = ''] = address.split('%', 1); // without the zone of a link-local one
  const [left = '', right] = plain.split('::', 2);
  const [before, after] = [groupsOf(left), groupsOf(right ?? '')];
  const zeros = right === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const all = [...before, ...new Array<string>(zeros).fill('0'), ...after];
  return `${all.slice(0, 4).join(':')}::/64`;
}

const groupsOf = (part: string): string[] =>
  part === '' ? [] : part.split(':').map((group) => group.replace(/^0+(?=.)/, '').toLowerCase());
