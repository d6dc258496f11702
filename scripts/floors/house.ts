/** Something that a rule forbids and that is right all the same, with why. */
export interface Exception {
  /** A file, or a folder with a `/` at its end, under `src`; empty for all of it. */
  readonly where: string;
  readonly what: string;
  readonly because: string;
}

/** How the house is built: which folder of `src` stands on which floor, and what is right against the rules. */
export interface House {
  readonly floors: Readonly<Record<string, number>>;
  /** Files of `src` itself: the doors that other packages come in by. They stand above everything. */
  readonly doors: readonly string[];
  /** Packages and `node:` modules below the floor where they are allowed. */
  readonly packages: readonly Exception[];
  /** Packages that more than one folder imports. */
  readonly shared: readonly Exception[];
  /** Clocks and chance outside the two files that own them. */
  readonly hidden: readonly Exception[];
  /** Policy sections that no filter is named after: `where` says what reads them. */
  readonly sections: readonly Exception[];
  readonly limits: {
    readonly lines: number;
    readonly names: number;
    readonly fields: number;
    readonly section: number;
  };
}

/** Packages and `node:` modules may be imported from this floor up. */
export const PACKAGES_FROM = 3;

/** The files that own time and chance. */
export const CLOCKS = 'core/clock.ts';
export const CHANCE = 'core/random.ts';

export const house: House = {
  floors: {
    policy: 0,
    math: 0,
    wire: 0,
    core: 1,
    discovery: 2,
    balancer: 2,
    filters: 2,
    answers: 2,
    quota: 2,
    transport: 3,
    server: 3,
    local: 3,
    zookeeper: 3,
    circuit: 3,
    redis: 3,
    health: 3,
    auth: 3,
    control: 3,
    telemetry: 3,
    admin: 3,
    mesh: 4,
    register: 5,
    cli: 5,
    testing: 5,
  },
  doors: [
    ...['index.ts', 'axios.ts', 'batch.ts', 'express.ts', 'fastify.ts'],
    ...['hono.ts', 'koa.ts', 'otel.ts', 'testing.ts', 'types.ts'],
  ],
  packages: [
    { where: 'quota/', what: 'lru-cache', because: 'keys and principals come from strangers, on both ways' },
    { where: 'answers/', what: 'lru-cache', because: 'requests, and so what is kept of them, come from strangers' },
    { where: 'policy/', what: 'valibot', because: 'one table yields types, checks and JSON Schema' },
    {
      where: 'core/files.ts',
      what: 'node:fs/promises',
      because: 'keys and certificates are files for two folders above',
    },
    { where: 'policy/cidr.ts', what: 'node:net', because: 'what an address is, Node knows' },
  ],
  shared: [{ where: '', what: 'lru-cache', because: 'every map keyed by strangers needs a bound, wherever it is' }],
  hidden: [
    {
      where: 'testing/virtual-clock.ts',
      what: 'setImmediate',
      because: 'waits until promises have settled, not for time',
    },
    { where: 'server/event-loop.ts', what: 'setImmediate', because: 'sees where a turn of the event loop ends' },
    { where: 'server/event-loop.ts', what: 'performance', because: 'Node knows how busy its event loop is; no time' },
    { where: 'telemetry/start.ts', what: 'process.env', because: 'the SDK reads its settings there, and we give way' },
    { where: 'server/event-loop.ts', what: 'node:perf_hooks', because: 'as the line above: there it is' },
  ],
  sections: [
    {
      where: 'balancer/balance.ts',
      what: 'balance',
      because: 'the hinge between the two stacks is a service, no filter',
    },
    { where: 'balancer/view.ts', what: 'zone', because: 'of the balancer, as is the next: six fields are enough' },
    { where: 'balancer/view.ts', what: 'subset', because: 'of the balancer: which endpoints a call may go to at all' },
    { where: 'balancer/aperture.ts', what: 'aperture', because: 'of the balancer: how many endpoints a process calls' },
    { where: 'balancer/hashed.ts', what: 'hash', because: 'of the balancer: what only two of its pickers go by' },
    { where: 'server/authorize.ts', what: 'authorize', because: 'of the way in, whose filters know servers' },
    { where: 'circuit/', what: 'circuit', because: 'opossum is a package, so its filter stands on floor 3' },
    { where: 'server/identify.ts', what: 'identify', because: 'of the way in, whose filters know servers' },
    { where: 'quota/', what: 'quota', because: 'both ways count alike, so what counts has a folder of its own' },
    { where: 'answers/', what: 'fallback', because: 'what keeps answers has a folder of its own' },
    { where: 'answers/', what: 'collapse', because: 'as `fallback`: both give one answer to several' },
    { where: 'server/report.ts', what: 'report', because: 'of the way in, whose filters know servers' },
    { where: 'server/shed.ts', what: 'shed', because: 'of the way in, whose filters know servers' },
    {
      where: 'health/judgement.ts',
      what: 'fleet',
      because: 'the other half of what `outlier` reads: six fields are enough',
    },
    { where: 'health/', what: 'health', because: 'checks speak over sockets, so their filter stands on floor 3' },
    { where: 'core/outcome.ts', what: 'outcome', because: 'read wherever an answer is judged' },
    { where: 'transport/', what: 'transport', because: 'what is below the stacks' },
  ],
  limits: { lines: 300, names: 40, fields: 130, section: 6 },
};
