const LONGEST = 2_048; // bytes
const ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)+)$/;

/** The trust domain of a SPIFFE ID of a workload; nothing where it is none, to the letter of the SPIFFE ID standard. */
export function trustDomainOf(id: string): string | undefined {
  if (id.length > LONGEST) return undefined;
  const [, domain, path] = ID.exec(id) ?? [];
  return path === undefined || /\/\.\.?(?:\/|$)/.test(path) ? undefined : domain;
}
