import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { type SimulationOptions, simulate } from '../../src/testing.ts';

const ten = (first: object = {}) => [first, ...Array.from({ length: 9 }, () => ({}))];

test('the same seed goes the same way, another one another way', async () => {
  const run = (seed: number) => simulate({ servers: ten({ failing: 0.2 }), seconds: 2, seed });
  const [one, same, other] = [await run(1), await run(1), await run(101)];
  assert.deepEqual(one.events, same.events);
  assert.deepEqual(one.timeline(100), same.timeline(100));
  assert.notDeepEqual(one.events, other.events);
});

test('ten seconds of a fleet leave nothing behind, whatever goes wrong in them', async () => {
  const simulation = await simulate({
    servers: [{ failing: 0.3, status: 500 }, ...Array.from({ length: 9 }, () => ({ ms: 20, workers: 4 }))],
    inbound: { shed: { mode: 'enforce', algorithm: 'gradient' } },
    idempotent: false,
    clients: 3,
    policy: { deadline: { timeout: '300ms' }, attempt: { timeout: '60ms' } },
    at: [
      [1_000, (world) => world.change({ is: 'hanging' }, 1)],
      [2_000, (world) => world.change({ is: 'dead' }, 2)],
      [2_500, (world) => world.registryAway()],
      [3_000, (world) => world.remove(world.servers[1]!)],
      [3_500, (world) => world.registryBack()],
      [4_000, (world) => world.change({ is: 'refusing' }, 3)],
      [5_000, (world) => void world.add({ ms: 200 })],
      [6_000, (world) => world.change({ is: 'paused' }, 4)],
      [6_500, (world) => world.change({ is: 'up', heedless: true }, 4)],
      [7_000, (_, fleet) => fleet.leave(1)],
      [8_000, (world) => world.cut(0, 5, 6)],
    ],
  });
  assert.deepEqual(simulation.left, { timers: 0, calls: 0 });
  const ended = Object.values(simulation.outcomes).reduce((sum, count) => sum + count, 0);
  assert.equal(ended, simulation.calls);
});

test('a timeline has every call and every attempt, when they were', async () => {
  const simulation = await simulate({ servers: [{ ms: 400, spread: 0 }, {}], perSecond: 50, seconds: 4, seed: 3 });
  const stretches = simulation.timeline(500);
  const sum = (of: (stretch: (typeof stretches)[number]) => number) => stretches.reduce((all, one) => all + of(one), 0);
  assert.equal(
    sum(({ made }) => made),
    simulation.calls,
  );
  assert.equal(
    sum(({ ended }) => ended),
    simulation.calls,
  );
  assert.equal(
    sum(({ succeeded }) => succeeded),
    simulation.success * simulation.calls,
  );
  assert.equal(
    sum(({ asked }) => asked[0]! + asked[1]!),
    simulation.attempts,
  );
  assert.deepEqual(
    stretches.slice(0, 3).map(({ at }) => at),
    [0, 500, 1_000],
  );
  assert.equal(Math.max(...stretches.map(({ p99 }) => p99)), 400.5);
});

test('load may change by the millisecond', async () => {
  const simulation = await simulate({
    servers: [{}],
    perSecond: (ms) => (ms < 2_000 ? 50 : 500),
    seconds: 4,
  });
  const made = simulation.timeline(2_000).map((stretch) => stretch.made);
  assert.ok(made[0]! > 60 && made[0]! < 140 && made[1]! > 900 && made[1]! < 1_100, `${made}`);
});

test('a server that stands still goes on where it was, and takes meanwhile what comes', async () => {
  const { ended, success } = await simulate({
    servers: [{ ms: 10, spread: 0 }],
    perSecond: 100,
    seconds: 3,
    at: [
      [1_000, (world) => world.change({ is: 'paused' })],
      [1_500, (world) => world.change({ is: 'up' })],
    ],
  });
  assert.equal(success, 1);
  const during = ended.filter(({ at }) => at > 1_010 && at < 1_490);
  assert.ok(during.length > 20);
  for (const { at, ms } of during) assert.ok(at + ms >= 1_500, `made at ${at}, it took ${ms} ms`);
  const after = ended.filter(({ at }) => at > 1_520);
  for (const { ms } of after) assert.ok(Math.abs(ms - 10.5) < 1e-6, `${ms}`);
});

test('a heedless server works for callers who have given up, another lets them go and is free when they are', async () => {
  const after = async (heedless: boolean) => {
    const { ended } = await simulate({
      servers: [{ workers: 2, heedless }],
      perSecond: (ms) => (ms < 2_000 ? 600 : 50), // two workers do 185 a second
      seconds: 4,
      policy: { deadline: { timeout: '100ms' }, retry: { attempts: 1 }, outlier: { failures: 0 } },
    });
    const some = ended.filter(({ at }) => at > 2_200 && at < 3_500);
    return some.filter(({ outcome }) => outcome === '200').length / some.length;
  };
  const [heedless, heedful] = [await after(true), await after(false)];
  assert.ok(heedless < 0.05 && heedful > 0.95, `${heedless}, ${heedful}`);
});

test('servers with a policy of their own let in what it says', async () => {
  const quota = { requests: [{ rate: '20/s' }] };
  const { outcomes } = await simulate({
    servers: [{}],
    perSecond: 100,
    seconds: 5,
    inbound: { quota },
    policy: { retry: { attempts: 1 } },
  });
  assert.ok(outcomes['200']! >= 100 && outcomes['200']! <= 130, JSON.stringify(outcomes));
  assert.ok(outcomes['429']! > 300);
});

test('one who is cut off reaches the others, and others reach whom it can not', async () => {
  const { servers, success } = await simulate({
    servers: [{}, {}],
    clients: 2,
    perSecond: 200,
    seconds: 4,
    at: [[0, (world) => world.cut(0, 0)]],
    warmUpMs: 1_000,
  });
  assert.equal(success, 1);
  const { share } = servers[0]!;
  // Half of the calls of one client of two; some more, as the other server has all of the other client's too. Over twelve
  // seeds 0.22 to 0.33; it would be 0.5 were nobody cut off.
  assert.ok(share > 0.15 && share < 0.4, `about half of the calls of one of two: ${share}`);
});

const bad: readonly (readonly [options: object, message: RegExp])[] = [
  [{}, /^simulate: servers must be a list of at least one server, such as \[\{\}, \{ ms: 100 \}\], got undefined/],
  [{ servers: [] }, /^simulate: servers must be a list of at least one server, .* got \[\]/],
  [{ servers: [{}], perSeconds: 5 }, /^simulate: perSeconds: no such field; there are servers, perSecond, /],
  [
    { servers: [{}], perSecond: 0 },
    /^simulate: perSecond must be a number above 0, or a function that gives one, got 0/,
  ],
  [{ servers: [{}], perSecond: () => -1 }, /^simulate: what perSecond gives must be a number above 0, got -1/],
  [{ servers: [{}], clients: 0 }, /^simulate: clients must be a whole number of at least 1, got 0/],
  [{ servers: [{}], balance: 'rr' }, /^simulate: balance must be one of mesh, round-robin, got 'rr'/],
  [{ servers: [{}, { failing: 25 }] }, /^simulate: servers\[1\]\.failing must be a number from 0 to 1, got 25/],
  [{ servers: [{ latency: 5 }] }, /^simulate: servers\[0\]\.latency: no such field; there are ms, spread, /],
  [
    { servers: [{ is: 'down' }] },
    /^simulate: servers\[0\]\.is must be one of up, refusing, dead, hanging, paused, got 'down'/,
  ],
  [{ servers: [null] }, /^simulate: servers\[0\] must be an object, got null/],
  [
    { servers: [{}], seconds: 2, at: [[3_000, () => {}]] },
    /^simulate: at\[0\] is at 3000 ms, but calls end at 2000 ms/,
  ],
  [{ servers: [{}], at: [() => {}] }, /^simulate: at must be a list of moments and changes, such as /],
  [
    { servers: [{}], seconds: 1, warmUpMs: 1_000 },
    /^simulate: warmUpMs leaves nothing to count: calls end at 1000 ms, got 1000/,
  ],
  [{ servers: [{}], policy: { retry: { atempts: 2 } } }, /retry\.atempts: no such field; there are attempts, /],
  [{ servers: [{}], inbound: { shed: { mode: 'on' } } }, /shed\.mode must be /],
  [
    { servers: [{}], seconds: 1, at: [[500, (world: never) => change(world, {}, 7)]] },
    /^change: no server has the place 7; there are 0 to 0/,
  ],
  [
    { servers: [{}], seconds: 1, at: [[500, (world: never) => change(world, { msec: 7 })]] },
    /^change: msec: no such field; there are ms, /,
  ],
];

const change = (world: { change(...args: unknown[]): void }, ...args: unknown[]): void => world.change(...args);

for (const [options, message] of bad) {
  test(`a mistake is named: ${message.source.replaceAll('\\', '').slice(0, 90)}`, async () => {
    await assert.rejects(simulate(options as SimulationOptions), (error: Error) => {
      assert.ok(MeshError.is(error) || error.name === 'PolicyProblem', error.name);
      assert.match(error.message, message);
      return true;
    });
  });
}

test('what a change throws, the simulation throws', async () => {
  const slip = new TypeError('of a change');
  const fails = () => {
    throw slip;
  };
  await assert.rejects(simulate({ servers: [{}], seconds: 1, at: [[500, fails]] }), slip);
  await assert.rejects(simulate({ servers: [{}], seconds: 1, options: fails }), slip);
});
