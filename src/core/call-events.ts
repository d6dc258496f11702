import type { Sent } from './errors.ts';
import type { Priority } from './priority.ts';

/** What happens to calls that we make. */
export type CallEvent =
  | {
      /** One attempt has ended. */
      readonly type: 'attempt';
      readonly attempt: number;
      readonly endpoint: string;
      readonly outcome: 'success' | 'failure' | 'none';
      readonly why: string;
      readonly sent: Sent;
      readonly ms: number;
    }
  | {
      /** A whole call has ended. */
      readonly type: 'call';
      readonly outcome: 'success' | 'failure' | 'none';
      readonly attempts: number;
      readonly ms: number;
    }
  | {
      /** A failed attempt is going to be tried again. */
      readonly type: 'retry';
      readonly attempt: number;
      readonly why: string;
      readonly waitMs: number;
      /** Retries that the budget had left before this one, whole ones. */
      readonly left: number;
    }
  | {
      /** A failed attempt was safe to try again, and the budget said no. */
      readonly type: 'retry-budget';
      readonly attempt: number;
      readonly why: string;
      /** Retries that the budget has left, whole ones. */
      readonly left: number;
    }
  | {
      /** A call failed, and came to something else instead. */
      readonly type: 'fallback';
      /** What its caller gave; the last good answer; the one that the policy has at hand; nothing, for good or for now. */
      readonly source: 'call' | 'last-good' | 'answer' | 'failsafe' | 'failback';
      /** Why it failed. */
      readonly why: string;
    }
  | {
      /** A call that failed and came to nothing was tried again later, and succeeded; or was given up. */
      readonly type: 'failback';
      readonly well: boolean;
      readonly tries: number;
    }
  | {
      /** A call was sent to every endpoint. */
      readonly type: 'broadcast';
      readonly endpoints: number;
      /** Those that answered well. */
      readonly well: number;
    }
  | {
      /** A request was answered without asking, by an answer that was kept. */
      readonly type: 'cached';
      /** Whether a newer one is being asked for meanwhile. */
      readonly stale: boolean;
      readonly ageMs: number;
    }
  | {
      /** A call asks for what is being asked for already, and waits for that answer. */
      readonly type: 'collapse';
      /** How many wait for it now. */
      readonly waiting: number;
    }
  | {
      /** Keys that went together in one call are over. */
      readonly type: 'batch';
      /** Keys that went; how many asked for them; those of them that failed alone, though the batch did not. */
      readonly keys: number;
      readonly callers: number;
      readonly failed: number;
      /** How long the first who asked had to wait until they went, and how long it took from then on. */
      readonly waitedMs: number;
      readonly ms: number;
      /** `none` where nobody waited for them any more. */
      readonly outcome: 'success' | 'failure' | 'none';
    }
  | {
      /** An attempt takes long, and its request is sent to a second endpoint as well. */
      readonly type: 'hedge';
      /** The one that takes long. */
      readonly attempt: number;
      readonly afterMs: number;
    }
  | {
      /** An attempt takes long and could be sent to a second endpoint, but a budget said no. */
      readonly type: 'hedge-budget';
      readonly attempt: number;
      readonly afterMs: number;
    }
  | {
      /** A quota refused a call, made it wait for its turn, or would have done either where it is only observed. */
      readonly type: 'quota';
      /** Empty where the call has none. */
      readonly route: string;
      /** The rule; `pace` for what the other side says is left, `all` where it only waits. */
      readonly rule: string;
      readonly action: 'refused' | 'queued' | 'observed';
      /** How long until there is room. */
      readonly waitMs: number;
    }
  | {
      /** A call was delayed or broken off on purpose, as the policy has it. */
      readonly type: 'injected';
      readonly route: string;
      readonly delayMs: number;
      readonly aborted: boolean;
    }
  | {
      /** A call goes elsewhere than it was sent; or the wish for that was refused, or would have led in a circle. */
      readonly type: 'route';
      readonly route: string;
      /** The service it goes to; empty where it stays, maybe at some of the endpoints. */
      readonly to: string;
      readonly why: 'rule' | 'override' | 'refused' | 'circle';
      /** The name of the rule; empty where it has none. */
      readonly rule: string;
    }
  | {
      /** A call and the copy of it that went to another service are over. */
      readonly type: 'mirror';
      readonly route: string;
      readonly to: string;
      readonly outcome: 'success' | 'failure' | 'none';
      readonly why: string;
      readonly ms: number;
      readonly copyOutcome: 'success' | 'failure' | 'none';
      readonly copyWhy: string;
      readonly copyMs: number;
    }
  | {
      /** The circuit of a service, or of one of its routes, has moved. */
      readonly type: 'circuit';
      /** Empty when it is the circuit of the whole service. */
      readonly route: string;
      readonly state: 'closed' | 'open' | 'half-open';
      /** Calls that came to a verdict within the window; those of them that failed, and those that took long. */
      readonly calls: number;
      readonly failures: number;
      readonly slow: number;
      /** How long until a call may try; 0 unless it has opened. */
      readonly forMs: number;
      /** Whether calls are refused; a policy that only observes refuses none. */
      readonly enforced: boolean;
    }
  | {
      /** An attempt was not made, because as many are under way as may be, or are waiting. */
      readonly type: 'limit';
      /** What has no room: the service as a whole, or each of its endpoints. */
      readonly full: 'service' | 'endpoints';
      readonly priority: Priority;
      readonly inFlight: number;
      readonly waiting: number;
    }
  | {
      /** A call was not made, because the service refuses so many; or would not have been. */
      readonly type: 'throttle';
      readonly priority: Priority;
      /** The share of calls that is not made, as it stands. */
      readonly share: number;
      readonly enforced: boolean;
    };
