// A process that announces itself in a folder: `node local-process.ts URL ID PORT [then]`. Says what became of it, a line each.
import { systemClock } from '../../src/core/clock.ts';
import { Events } from '../../src/core/events.ts';
import { entropy } from '../../src/core/random.ts';
import { Timeouts } from '../../src/core/timeouts.ts';
import { localRegistry } from '../../src/local/registry.ts';
import { anInstance } from './resolutions.ts';

const [url, id, port, then] = process.argv.slice(2);
const env = { clock: systemClock, random: entropy(), events: new Events(), timeouts: new Timeouts(systemClock) };
const registry = localRegistry(url!, env);
registry.resolve('orders').watch(() => {}); // an idle watch must not keep a process alive
try {
  const listing = await registry.announce(anInstance(id!, { port: Number(port) }));
  listing.state.watch((state) => console.log(state));
} catch (error) {
  console.log((error as Error).message);
}
if (then === 'stay') process.stdin.resume();
if (then === 'exit') process.exit(3);
if (then === 'throw') throw new Error('on purpose');
