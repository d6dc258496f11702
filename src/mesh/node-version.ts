const [MAJOR, MINOR] = [22, 19]; // as `engines` of package.json has it

let warned = false;

/** What to say of a Node that is older than what is tested; nothing of any other. */
export function tooOld(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MAJOR || (major === MAJOR && minor >= MINOR)) return undefined;
  return `inmesh needs Node ${MAJOR}.${MINOR} or newer, and this is ${version}: some of it will fail in ways that do not say so`;
}

/** Warns of a Node that is too old, once in a process: npm does, where it is installed, and nobody reads that on a server. */
export function warnOfOldNode(): void {
  if (warned) return;
  warned = true;
  const warning = tooOld(process.versions.node);
  if (warning !== undefined) process.emitWarning(warning, { code: 'INMESH_NODE' });
}
