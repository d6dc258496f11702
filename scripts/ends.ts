import { afterEach, beforeEach } from 'node:test';
import { isMainThread } from 'node:worker_threads';

// Loaded before files of tests; see test.ts. A test that fails half-way may leave a server or a timer, and its file
// would never end. Node's own --test-force-exit is no cure: it ends a file before all that it has to tell is told, so
// that tests are lost, failures among them, and nobody notices.

const LONGEST_MS = 200_000; // a test is called off before
const SOON_MS = Number(process.env.TEST_SOON_MS ?? 15_000); // from the end of a test to the next, or to that of the file
const TURN_MS = 10;
const QUIET = 50; // so many turns without a word, and all is told; turns are long where the machine is busy

let last = '';
const ofFile = process.env.NODE_TEST_CONTEXT !== undefined && process.argv[1]?.endsWith('.test.ts');
const ofMany = process.execArgv.some((arg) => arg.endsWith('test-isolation=none'));
if (isMainThread && (ofFile || ofMany)) {
  let [underWay, timer]: [number, NodeJS.Timeout | undefined] = [0, undefined];
  const wait = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(end, ms).unref(); // it keeps nothing alive, so what a test counts it does not find
  };
  beforeEach((context) => {
    underWay++;
    last = context.name;
    wait(LONGEST_MS);
  });
  afterEach(() => {
    underWay--;
    wait(underWay === 0 ? SOON_MS : LONGEST_MS);
  });
}

function end(): void {
  const left = process.getActiveResourcesInfo().join(', ');
  console.error(
    `${ofMany ? 'a process of many files' : process.argv[1]} was ended: something that it left behind keeps it alive (${left}); the last test that began is '${last}'`,
  );
  process.exitCode = 1;
  process.emit('beforeExit', 1); // the runner's own sign that all is over: it tells what it has not told yet
  let quiet = 0;
  const { write } = process.stdout;
  process.stdout.write = (...words: unknown[]) => {
    quiet = 0;
    return Reflect.apply(write, process.stdout, words) as boolean;
  };
  setInterval(() => {
    quiet = process.stdout.writableLength > 0 ? 0 : quiet + 1; // who reads it may stand still, and lose what is cut off
    if (quiet > QUIET) process.exit();
  }, TURN_MS);
}
