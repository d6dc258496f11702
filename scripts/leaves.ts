import { beforeEach } from 'node:test';
import { isMainThread } from 'node:worker_threads';

// Loaded before files of tests that share a process; see test.ts. What one test leaves of the process must not reach
// another: between any two tests, and before the first, the process has to be as it was before all of them.

/** What tests put something of their own in the place of. */
const REPLACED = [
  ...[
    'fetch',
    'setTimeout',
    'setInterval',
    'setImmediate',
    'clearTimeout',
    'clearInterval',
    'queueMicrotask',
    'Date',
  ].map((name) => [globalThis, name] as const),
  ...['kill', 'exit', 'getuid', 'emitWarning', 'nextTick'].map((name) => [process, name] as const),
  [Math, 'random'] as const,
  [process.stdout, 'write'] as const,
];

const ENVIRONMENT = 'the environment';

/** How the process is: what of it a test can change and another can find. */
function marks(): Map<string, unknown> {
  const found = new Map<string, unknown>([['cwd', process.cwd()]]);
  for (const [owner, name] of REPLACED) found.set(name, Reflect.get(owner, name));
  found.set(ENVIRONMENT, JSON.stringify(process.env)); // npm brings a hundred names; to hold each against each takes seconds
  for (const name of process.eventNames()) found.set(`listeners of ${String(name)}`, process.listenerCount(name));
  // Where packages of which there may be several in a process meet: the API of OpenTelemetry, undici.
  for (const symbol of Object.getOwnPropertySymbols(globalThis)) {
    const value: unknown = Reflect.get(globalThis, symbol);
    found.set(String(symbol), value);
    if (typeof value === 'object' && value !== null) found.set(`${String(symbol)} has`, Object.keys(value).join());
  }
  return found;
}

if (isMainThread) {
  await import('undici'); // it leaves itself to others of its kind, once
  let [before, last, underWay] = [marks(), 'loading the files', 0];
  beforeEach((t) => {
    const now = underWay === 0 ? marks() : before;
    const left = changed(before, now);
    if ('after' in t) t.after(() => underWay--);
    underWay++;
    const who = last;
    [before, last] = [now, `'${t.name}'`];
    if (left.length > 0) throw new Error(`${who} left the process other than it was: ${left.join(', ')}`);
  });
}

const changed = (before: ReadonlyMap<string, unknown>, now: ReadonlyMap<string, unknown>): string[] =>
  [...new Set([...before.keys(), ...now.keys()])]
    .filter((mark) => before.get(mark) !== now.get(mark))
    .flatMap((mark) => (mark === ENVIRONMENT ? variables(before.get(mark), now.get(mark)) : mark));

function variables(...[before, now]: unknown[]): string[] {
  const read = (text: unknown) => new Map<string, unknown>(Object.entries(JSON.parse(String(text)) as object));
  return changed(read(before), read(now)).map((name) => `the environment's ${name}`);
}
