// The client without a mesh: takes the same servers in turn, one try for each call, with the same HTTP client beneath.
import { Agent, request } from 'undici';
import { Load } from './load.ts';
import type { ClientSettings, FinalReport, Report, ToClient } from './messages.ts';
import { hear, settings, tell } from './stage-hand.ts';

const { urls, callsPerSecond } = settings<ClientSettings>();
const dispatcher = new Agent({ headersTimeout: 10_000 }); // the deadline that the mesh has
let turn = 0;

const load = new Load(callsPerSecond, async () => {
  const answer = await request(`${urls[turn++ % urls.length]}/orders/42`, { dispatcher });
  await answer.body.json();
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
});

const report = (): Report => {
  const { total } = load;
  return { total, attempts: total.calls, endpoints: [], deeds: [] };
};

await load.warmUp();
setInterval(() => tell(report()), 100);

hear<ToClient>(async (message) => {
  if (message !== 'end') return load.enter(message.phase);
  await load.end();
  const last: FinalReport = { ...report(), phases: load.phases };
  await dispatcher.close();
  tell(last);
});
