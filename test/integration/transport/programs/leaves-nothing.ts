// Makes calls of every kind, closes, and tells what is left. The server runs in another process.

import { systemClock } from '../../../../src/core/clock.ts';
import { Events } from '../../../../src/core/events.ts';
import { entropy } from '../../../../src/core/random.ts';
import { Timeouts } from '../../../../src/core/timeouts.ts';
import { createTransport } from '../../../../src/transport/transport.ts';
import { TestCaller } from '../../../support/caller.ts';

const [url = '', mode = ''] = process.argv.slice(2);
const env = { clock: systemClock, random: entropy(), events: new Events(), timeouts: new Timeouts(systemClock) };
const caller = new TestCaller({ orders: [url], away: ['http://127.0.0.1:1'] }, { env });
const transport = createTransport(env, caller);
await (await transport.request('http://orders/')).body.dump();
await (await transport.fetch('http://orders/')).text();
await transport.request('http://away/').catch(() => {});
const controller = new AbortController();
const hanging = transport.request('http://orders/hang', { signal: controller.signal });
setImmediate(() => controller.abort());
await hanging.catch(() => {});
if (mode === 'close') await transport.close();
const left = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind));
// Node itself lets go of a socket that was refused a few turns after it was closed.
for (let turn = 0; turn < 10_000 && mode === 'close' && left().length > 0; turn++) await new Promise(setImmediate);
console.log(JSON.stringify(left()));
