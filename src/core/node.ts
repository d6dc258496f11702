import type { AdaptiveLimit } from '../math/adaptive-limit.ts';
import type { Ejection } from '../math/ejection.ts';
import type { LoadWeight } from '../math/load-weight.ts';
import type { PeakEwma } from '../math/peak-ewma.ts';
import type { Verdicts } from '../math/verdicts.ts';
import type { Policy } from '../policy/table.ts';
import type { Endpoint } from './endpoint.ts';
import type { PassedOver } from './passed-over.ts';
import type { Priority } from './priority.ts';

/** What all nodes of one service have together. */
export interface Others {
  /** Calls under way. */
  inFlight: number;
  /** Hears that a call is over, while somebody waits for that; nothing while nobody does. */
  freed: (() => void) | undefined;
  /** To be called after the ejection of one has moved, so that the rotation follows. */
  readonly moved: (node: Node) => void;
  /** Who was not chosen when `chosen` was, and why, as they stand now; nothing where nobody knows the others. */
  readonly passedOver?: (
    chosen: Node,
    policy: Policy,
    tried: readonly Node[],
    priority: Priority,
  ) => readonly PassedOver[];
}

/** An endpoint as the balancer sees it, and all that has been learnt about it. Goes when the endpoint goes. */
export interface Node {
  endpoint: Endpoint;
  /** The endpoint's weight, where the picker finds it at once; less of it while the node warms up. */
  weight: number;
  /** Calls under way. */
  inFlight: number;
  /** Calls under way at all nodes of its service together. */
  readonly all: Others;
  /** Since when it has had calls and said nothing: its last answer, or the first call after a pause. */
  silentSince: number;
  /** Calls begun since we know it. */
  calls: number;
  /** How far down it stands by priority and zone; 0 comes first. */
  tier: number;
  /** How long answers take. */
  readonly latency: PeakEwma;
  /** Its weight by what it says of its load; nothing until the policy asks for it and it says something. */
  load: LoadWeight | undefined;
  /** Whether it is in rotation. */
  readonly ejection: Ejection;
  /** How many calls may be under way, where that is learnt; nothing until the policy says so. */
  limit: AdaptiveLimit | undefined;
  /** What became of its calls; nothing until the policy has somebody count. */
  verdicts: Verdicts | undefined;
  /** What active checks say is wrong with it; empty when nothing is, or nobody checks. */
  sick: string;
  /** Where it stands among all that may be called, and among those in rotation; kept by the balancer. */
  liveAt: number | undefined;
  readyAt: number | undefined;
  /** Whether it is on the list no more; calls under way may end, and nothing is learnt from them. */
  gone: boolean;
}
