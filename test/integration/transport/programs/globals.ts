// Loads undici the way a transport does, and tells what became of what Node's own fetch uses.
import { createRequire } from 'node:module';
import { load, undici } from '../../../../src/transport/undici.ts';

const [url = '', door = '', when = ''] = process.argv.slice(2);
const [first, second] = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) => Symbol.for(name));
const globals = () => [first!, second!].map((name) => Reflect.get(globalThis, name));

if (when === 'after') await (await fetch(url)).text();
const before = globals();
const require = createRequire(import.meta.url);
const moved = (id: string) => {
  if (id !== 'undici') throw Object.assign(new Error('moved'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' });
  return require(id);
};
const { Pool } = door === 'front' ? load(moved) : undici();
const after = globals();
// What broke on Node 22: a length that the caller says, through the dispatcher of another undici.
const answer = await fetch(url, { method: 'POST', body: 'hello', headers: { 'content-length': '5' } });
const used: object | undefined = Reflect.get(
  globalThis,
  Number.parseInt(process.versions.undici!, 10) >= 8 ? second! : first!,
);
const outcome = {
  status: answer.status,
  body: ((await answer.json()) as { body: string }).body,
  // Node's own dispatcher is not of the class that the package has.
  foreign:
    used instanceof require('undici/lib/dispatcher/dispatcher-base.js') ||
    used?.constructor?.name === 'Dispatcher1Wrapper',
  untouched: before.every((value, at) => value === undefined || value === after[at]),
  pool: typeof Pool,
};
if (door !== 'front') Object.assign(outcome, { same: before.every((value, at) => value === after[at]) });
// An application may use undici itself, and find it whole.
const own = require('undici');
outcome.status = (await own.request(url)).statusCode;
console.log(JSON.stringify(outcome));
process.exit(0);
