import type { Timer } from '../core/clock.ts';
import type { Context } from '../core/context.ts';
import type { Env } from '../core/env.ts';
import type { Node } from '../core/node.ts';
import type { Finding, Probe } from '../core/probe.ts';
import { Vitals } from '../math/vitals.ts';
import type { Policy } from '../policy/table.ts';

type Settings = Policy['health'];

/** How one endpoint is doing, and when to look again. */
interface Patient {
  readonly vitals: Vitals;
  dueAt: number;
  /** Ends the check that is under way; nothing while none is. */
  stop: AbortController | undefined;
}

const IDLE_MS = 60_000; // without a call: nobody wants to know
const MOST = 32; // checks under way at a time
const HURRY = 5; // times as often, where it matters
const SPREAD = 0.2;
const FULL_MS = 20; // until there may be room for another

const loadProbe = async ({ probe }: Env): Promise<Probe> => probe ?? (await import('./probes.ts')).probe;

/**
 * Asks the endpoints of one service how they are, for as long as the service is called. One timer for all of them; it
 * keeps no process alive. What is found stands on the node, and the balancer goes by it.
 */
export class Checks {
  readonly #env: Env;
  readonly #nodes: Iterable<Node>;
  readonly #usual: () => Policy | undefined;
  readonly #load: () => Promise<Probe>;
  readonly #patients = new Map<Node, Patient>();
  #settings: Settings | undefined;
  #policy: Policy | undefined;
  #service = '';
  #calledAt = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #probe: Probe | undefined;
  #loading: Promise<void> | undefined;
  #underWay = 0;
  #closed = false;

  /** `usual` gives the settings of calls without a route of their own: health is not a matter of routes. */
  constructor(
    env: Env,
    nodes: Iterable<Node>,
    usual: () => Policy | undefined = () => undefined,
    load: () => Promise<Probe> = () => loadProbe(env),
  ) {
    this.#env = env;
    this.#nodes = nodes;
    this.#usual = usual;
    this.#load = load;
  }

  /** Whether there is anything to do for a call: endpoints are checked, or shall be. */
  concern({ policy }: Context): boolean {
    return policy.health.check !== 'off' || this.#settings !== undefined;
  }

  /** The service is called: its endpoints are checked from now on, as the policy says. */
  called({ service, policy, begunAt }: Context): void {
    if (this.#closed) return;
    this.#service = service;
    this.#calledAt = begunAt;
    const usual = this.#usual() ?? policy;
    if (usual !== this.#policy) this.#follow(usual);
    if (this.#settings === undefined || this.#timer !== undefined) return;
    if (this.#probe !== undefined) this.#turn();
    else {
      this.#loading ??= this.#load().then(
        (probe) => this.#begin(probe),
        () => {
          this.#loading = undefined; // the next call may have more luck
        },
      );
    }
  }

  /** Ends it all: checks under way are broken off. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #begin(probe: Probe): void {
    this.#probe = probe;
    if (!this.#closed && this.#settings !== undefined && this.#timer === undefined) this.#turn();
  }

  #follow(policy: Policy): void {
    this.#policy = policy;
    const [before, settings] = [this.#settings, policy.health.check === 'off' ? undefined : policy.health];
    this.#settings = settings;
    // Another question: what was answered to the one before says nothing any more.
    if (before !== undefined && (settings === undefined || !asksTheSame(before, settings))) this.#stop();
  }

  /** Checks those that are due, and sees to it that there is a next time. */
  #turn(): void {
    this.#timer = undefined;
    const { clock } = this.#env;
    const now = clock.now();
    if (this.#closed || this.#settings === undefined || now - this.#calledAt > IDLE_MS) return; // the next call begins anew
    const hurry = this.#settings.interval / HURRY;
    let next = now + hurry; // somebody may have joined by then
    this.#admit(now, hurry);
    for (const [node, patient] of this.#patients) {
      if (patient.stop !== undefined) continue;
      if (patient.dueAt <= now && this.#underWay < MOST) void this.#check(node, patient, this.#settings);
      else next = Math.min(next, Math.max(patient.dueAt, now + FULL_MS));
    }
    this.#timer = clock.schedule(next - now, () => this.#turn());
    this.#timer.hold(false);
  }

  /** Takes note of who has come and who has gone. Those that come at once are not all checked at once. */
  #admit(now: number, hurry: number): void {
    for (const [node, { stop }] of this.#patients) {
      if (!node.gone && node.endpoint.weight > 0) continue;
      stop?.abort();
      this.#patients.delete(node);
      tellNode(node, '');
    }
    for (const node of this.#nodes) {
      if (node.endpoint.weight === 0 || this.#patients.has(node)) continue;
      const dueAt = now + this.#env.random.next() * Math.min(hurry, 1_000);
      this.#patients.set(node, { vitals: new Vitals(), dueAt, stop: undefined });
    }
  }

  async #check(node: Node, patient: Patient, settings: Settings): Promise<void> {
    const { clock } = this.#env;
    const stop = new AbortController();
    patient.stop = stop;
    this.#underWay++;
    const late = clock.schedule(settings.timeout, () => stop.abort(LATE));
    late.hold(false);
    const finding = await ended(this.#ask(node, settings, stop.signal), stop.signal);
    late.cancel();
    this.#underWay--;
    if (this.#patients.get(node) !== patient) return; // nobody asks any more
    patient.stop = undefined;
    this.#land(node, patient, finding);
  }

  /** Async, so that what can not even begin is an end like any other. */
  async #ask({ endpoint }: Node, settings: Settings, signal: AbortSignal): Promise<Finding> {
    const { peers } = this.#policy!.authenticate;
    const isSecure = endpoint.url.startsWith('https:');
    const secure = isSecure ? this.#env.identity?.client?.options(peers) : undefined;
    return this.#probe!({ endpoint, service: this.#service, settings, secure, signal });
  }

  #land(node: Node, { vitals }: Patient, finding: Finding): void {
    const { clock, random } = this.#env;
    const settings = this.#settings!;
    const { ok, why, atOnce } = finding;
    const changed = ok ? vitals.passed(settings.threshold) : vitals.failed(settings.threshold, atOnce);
    const wait = vitals.steady ? settings.interval : settings.interval / HURRY;
    const patient = this.#patients.get(node)!;
    patient.dueAt = clock.now() + wait * (1 - SPREAD / 2 + SPREAD * random.next());
    if (vitals.state === 'sick' && !ok) tellNode(node, why);
    if (!changed) return;
    if (ok) tellNode(node, '');
    this.#tell(node, ok, why);
  }

  #tell(node: Node, healthy: boolean, why: string): void {
    const { clock, events } = this.#env;
    if (!events.hears('health')) return;
    const endpoint = node.endpoint.address;
    events.emit({ at: clock.epoch(), service: this.#service, type: 'health', endpoint, healthy, why });
  }

  /** Forgets all that was found, so that nothing keeps anybody out. */
  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const patients = [...this.#patients];
    this.#patients.clear();
    for (const [node, { stop }] of patients) {
      stop?.abort();
      tellNode(node, '');
    }
  }
}

const LATE = new Error('no answer in time');

/** What a probe comes to, or that it was broken off, whether or not it listens. */
function ended(checking: Promise<Finding>, signal: AbortSignal): Promise<Finding> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(failure(signal.reason)), { once: true });
    checking.then(resolve, (error: unknown) => resolve(failure(error)));
  });
}

const failure = (error: unknown): Finding => {
  const { code, message } = error as NodeJS.ErrnoException;
  return { ok: false, why: typeof code === 'string' ? code : String(message ?? error), atOnce: false };
};

const asksTheSame = (a: Settings, b: Settings): boolean =>
  a.check === b.check && a.path === b.path && JSON.stringify(a.statuses) === JSON.stringify(b.statuses);

function tellNode(node: Node, sick: string): void {
  if (node.sick === sick) return;
  node.sick = sick;
  node.all.moved(node);
}
