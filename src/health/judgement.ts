import type { Context, Flight } from '../core/context.ts';
import type { EjectedWhy } from '../core/endpoint-events.ts';
import type { Env } from '../core/env.ts';
import type { Node } from '../core/node.ts';
import type { Outcome } from '../core/outcome.ts';
import type { Judgement, Verdict } from '../filters/outlier.ts';
import { type Misfit, outliers } from '../math/fleet.ts';
import { Verdicts } from '../math/verdicts.ts';

/** The endpoints of one service, as who judges them sees them. */
export interface Fleet extends Iterable<Node> {
  /** Those that may be called. */
  readonly live: { readonly size: number };
  /** Those of them that are in rotation. */
  readonly ready: { readonly size: number };
}

const LEAST_CALLS = 5; // within the window, before a success rate says anything; Linkerd's
const LONGEST_REST_MS = 30_000;
const OFF = Number.POSITIVE_INFINITY;

/** The judge of `outlier`. Its state is one per service called; what is known of an endpoint is with its node. */
export class HealthJudgement implements Judgement {
  readonly #env: Env;
  readonly #fleet: Fleet;
  #begun = Number.NaN; // when the calls began by which the fleet will be compared next

  constructor(env: Env, fleet: Fleet) {
    this.#env = env;
    this.#fleet = fleet;
  }

  land(verdict: Verdict, outcome: Outcome, { node, term }: Flight, now: number, context: Context): void {
    const { ejection } = node;
    const { outlier, fleet } = context.policy;
    if (fleet.interval !== OFF) this.#compare(context, now);
    if (verdict === 'none') {
      if (ejection.undecided(term, now)) node.all.moved(node);
      return;
    }
    const isRated = outlier.successRate > 0;
    const failed = verdict === 'ill' || (isRated && outcome.status === 429); // Linkerd counts these for the rate alone
    if (ejection.state !== 'out' && term === ejection.term) this.#count(node, failed, verdict, context, now);
    if (failed && (verdict === 'ill' || ejection.state === 'probing')) {
      if (ejection.failed(term, outlier.failures)) this.#eject(node, 'failures', inARow(node), now, context);
    } else if (ejection.succeeded(term, now)) this.#moved(node, context);
    if (isRated && failed && ejection.state === 'in' && term === ejection.term) this.#rate(node, now, context);
  }

  /** Leaves it alone: it is well enough to say so. Where too few others are left, it is not heard. */
  rest(ms: number, why: 'asked' | 'leaving', { node, term }: Flight, now: number, context: Context): void {
    const { ejection } = node;
    if (term !== ejection.term || ejection.state === 'out') return;
    if (ejection.state === 'in' && !this.#hasRoomToRest(context)) return;
    if (!this.#isEnforced(context.policy.outlier.enforce)) {
      this.#tell(node, why, 0, false, context);
      if (ejection.succeeded(term, now)) this.#moved(node, context);
      return;
    }
    const forMs = Math.min(ms, LONGEST_REST_MS);
    ejection.rest(forMs, context.policy.outlier, now, RESTS[why]);
    node.all.moved(node);
    this.#tell(node, why, forMs, true, context);
  }

  excuse({ node, term }: Flight, now: number, context: Context): void {
    if (node.ejection.succeeded(term, now)) this.#moved(node, context);
  }

  #count(node: Node, failed: boolean, verdict: Verdict, { policy }: Context, now: number): void {
    const [isRated, isCompared] = [policy.outlier.successRate > 0, policy.fleet.interval !== OFF];
    if (!isRated && !isCompared) return;
    node.verdicts ??= new Verdicts();
    if (isRated) node.verdicts.add(failed, now);
    if (isCompared) node.verdicts.addToFleet(verdict === 'ill');
  }

  /** Judges one by its own last ten seconds. */
  #rate(node: Node, now: number, context: Context): void {
    const { calls, failures } = node.verdicts!.recent(now);
    if (calls < LEAST_CALLS || (calls - failures) / calls >= context.policy.outlier.successRate) return;
    this.#eject(node, 'success-rate', `after ${failures} of ${calls} calls failed within 10s`, now, context);
  }

  /** Judges all by each other, once the interval is over. gRFC A50, driven by the calls that end instead of a timer: after a pause they come late, and who is put out is so since it ended. */
  #compare(context: Context, now: number): void {
    const { fleet } = context.policy;
    if (Number.isNaN(this.#begun)) this.#begun = now;
    const ended = this.#begun + fleet.interval;
    if (now < ended) return;
    this.#begun = now;
    const nodes = [...this.#fleet];
    const tallies = nodes.map(({ verdicts }) => verdicts?.take() ?? NONE);
    for (const [at, misfit] of outliers(tallies, fleet)) {
      const node = nodes[at]!;
      if (node.ejection.state === 'in') this.#eject(node, 'fleet', sayMisfit(misfit), ended, context);
    }
  }

  #eject(node: Node, kind: EjectedWhy, why: string, now: number, context: Context): void {
    const { outlier } = context.policy;
    const { ejection } = node;
    const isProbe = ejection.state === 'probing';
    if (isProbe && outlier.enforce === 0) {
      ejection.succeeded(ejection.term, now); // a policy that came while it was out enforces nothing
      this.#moved(node, context);
      return;
    }
    if (!isProbe && !this.#hasRoom(context)) return;
    if (!isProbe && !this.#isEnforced(outlier.enforce)) {
      this.#tell(node, kind, 0, false, context);
      ejection.forgive();
      node.verdicts?.clear();
      return;
    }
    const forMs = ejection.eject(outlier, now, this.#env.random.next(), why);
    node.verdicts?.clear();
    node.all.moved(node);
    this.#tell(node, kind, forMs, true, context);
  }

  /** One may always be put out, and never the last. */
  #hasRoom({ policy }: Context): boolean {
    const { live, ready } = this.#fleet;
    return ready.size > 1 && live.size - ready.size < policy.fleet.maxEjected * live.size;
  }

  /** That one is spared must not be what makes it panic, in which nobody is. */
  #hasRoomToRest({ policy }: Context): boolean {
    const { live, ready } = this.#fleet;
    return ready.size > 1 && ready.size - 1 >= policy.balance.panic * live.size;
  }

  #isEnforced(share: number): boolean {
    return share === 1 || (share > 0 && this.#env.random.next() < share);
  }

  #moved(node: Node, context: Context): void {
    node.all.moved(node);
    const { events, clock } = this.#env;
    if (!events.hears('returned')) return;
    const { service } = context;
    events.emit({ at: clock.epoch(), service, type: 'returned', endpoint: node.endpoint.address }, context);
  }

  #tell(node: Node, why: EjectedWhy, forMs: number, enforced: boolean, context: Context): void {
    const { events, clock } = this.#env;
    if (!events.hears('ejected')) return;
    const facts = { at: clock.epoch(), service: context.service, endpoint: node.endpoint.address, why, enforced };
    events.emit({ ...facts, type: 'ejected', failures: node.ejection.failures, forMs }, context);
  }
}

const RESTS = { asked: 'as it asked', leaving: 'as it said that it is leaving' } as const;
const NONE = Object.freeze({ calls: 0, failures: 0 });

const inARow = ({ ejection: { failures } }: Node): string =>
  `after ${failures} failure${failures === 1 ? '' : 's'} in a row`;

const percent = (share: number): string => `${Number((100 * share).toFixed(1))} %`;

function sayMisfit({ kind, rate, bar }: Misfit): string {
  if (kind === 'success-rate')
    return `after its success rate of ${percent(rate)} was below the ${percent(bar)} of its fleet`;
  return `after ${percent(1 - rate)} of its calls failed, more than ${percent(1 - bar)}`;
}
