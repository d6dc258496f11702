import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

type Verb = 'link' | 'lstat' | 'open' | 'readdir' | 'stat' | 'utimes' | 'writeFile';

/** Makes a verb of the file system fail where `fails` says so, until disposed of. */
export function failing(verb: Verb, code: string, fails: (path: string) => boolean): Disposable {
  const real = files[verb] as (path: string, ...more: unknown[]) => Promise<unknown>;
  const broken = (path: string, ...more: unknown[]) =>
    fails(path) ? Promise.reject(Object.assign(new Error(`${code}: ${verb}`), { code })) : real(path, ...more);
  const put = (what: unknown) => {
    Object.assign(files, { [verb]: what });
    syncBuiltinESMExports();
  };
  put(broken);
  return { [Symbol.dispose]: () => put(real) };
}
