import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { settled } from '../../src/testing/virtual-clock.ts';

let underway = 0;

/**
 * Waits until nothing that this process asked of the file system is underway, or of those who sign, nor what it asks next
 * with the answer. All of it is done in other threads, which nobody can say how many turns to wait for.
 */
export async function filesAtRest(): Promise<void> {
  do await settled();
  while (underway > 0);
}

// What Node lists as underway, and under which name, differs from one Node to the next: so it is counted here.
countAll(files, files);
syncBuiltinESMExports();
countAll(crypto.subtle, SubtleCrypto.prototype);

/** Counts in `target` each verb that `source` has: something is underway until the promise that it returns settles. */
function countAll(target: object, source: object): void {
  for (const [name, { value: verb }] of Object.entries(Object.getOwnPropertyDescriptors(source))) {
    if (typeof verb !== 'function' || name === 'constructor') continue;
    Object.defineProperty(target, name, {
      value: (...given: unknown[]) => counted(verb.apply(target, given)),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
}

function counted(answer: unknown): unknown {
  if (!(answer instanceof Promise)) return answer;
  underway++;
  return answer.then(withItsOwn).finally(() => underway--);
}

/** What is done with a file once it is open counts too. */
function withItsOwn(answer: unknown): unknown {
  const opened = answer as { readonly constructor?: { readonly name: string } } | null | undefined; // a key as JSON is of no class on Node 22
  if (opened?.constructor?.name !== 'FileHandle') return answer;
  for (const source of [Object.getPrototypeOf(opened), opened]) countAll(opened, source);
  return answer;
}
