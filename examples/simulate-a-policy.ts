// What would your policy do on a bad day? A fleet in virtual time says so within a second, and nothing is sent.
import { simulate } from 'inmesh/testing';

const servers = [{ ms: 100 }, {}, {}, {}, {}]; // the first is ten times slower
const fleet = { servers, clients: 4, perSecond: 500, seconds: 5 };
const usual = await simulate(fleet);
const turns = await simulate({ ...fleet, policy: { balance: { picker: 'round-robin' } } });

console.log(`by default the slow one gets ${(100 * usual.servers[0]!.share).toFixed(1)} % of the calls`);
console.log(`in turn it gets ${(100 * turns.servers[0]!.share).toFixed(1)} %`);
console.log(
  `p99 is ${turns.quantile(0.99) > 4 * usual.quantile(0.99) ? 'more' : 'less'} than four times higher in turn`,
);
