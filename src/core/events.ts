import type { Reason, Sent } from './errors.ts';
import type { Cancel } from './live.ts';
import type { Principal } from './principal.ts';
import type { Priority } from './priority.ts';

/**
 * Why an endpoint is left out: failures in a row, too small a share of good answers within ten seconds, worse than its
 * fleet, because it asked for it (Retry-After), or because it said that it is leaving.
 */
export type EjectedWhy = 'failures' | 'success-rate' | 'fleet' | 'asked' | 'leaving';

/** What happens in a mesh, as plain facts. `at` is milliseconds since 1970 began. */
export type MeshEvent = { readonly at: number; readonly service: string } & (
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
    }
  | {
      /** A failed attempt was safe to try again, and the budget said no. */
      readonly type: 'retry-budget';
      readonly attempt: number;
      readonly why: string;
    }
  | {
      /** A call failed, and came to something else instead. */
      readonly type: 'fallback';
      /** What its caller gave; the last good answer; the one that the policy has at hand. */
      readonly source: 'call' | 'last-good' | 'answer';
      /** Why it failed. */
      readonly why: string;
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
      /** An endpoint is left out for a while, or would be. */
      readonly type: 'ejected';
      readonly endpoint: string;
      readonly failures: number;
      /** 0 when it was not. */
      readonly forMs: number;
      readonly why: EjectedWhy;
      /** Whether it was left out; a policy that only finds and tells leaves nobody out. */
      readonly enforced: boolean;
    }
  | {
      /** An endpoint is back in rotation. */
      readonly type: 'returned';
      readonly endpoint: string;
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
      /** The count that all instances share can not be asked, and each goes by its part; or it can be again. */
      readonly type: 'quota-store';
      readonly away: boolean;
      readonly problem: string;
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
      /** What active checks think of an endpoint is another than before. */
      readonly type: 'health';
      readonly endpoint: string;
      readonly healthy: boolean;
      /** What was seen: `well`, `status 503`, `ECONNREFUSED`. */
      readonly why: string;
    }
  | {
      /** The circuit of a service, or of one of its routes, has moved. */
      readonly type: 'circuit';
      /** Empty when it is the circuit of the whole service. */
      readonly route: string;
      readonly state: 'closed' | 'open' | 'half-open';
      /** Calls that came to a verdict within the window, and those of them that failed. */
      readonly calls: number;
      readonly failures: number;
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
    }
  | {
      /** Too few endpoints are healthy (on), or enough are again (off). */
      readonly type: 'panic';
      readonly on: boolean;
      readonly healthy: number;
      readonly endpoints: number;
    }
  | {
      /** Calls go to other zones or priorities than the first, in these shares; or to the first alone again. */
      readonly type: 'spill';
      readonly levels: readonly LevelFacts[];
    }
  | {
      /** Our part of a large service is another: so many of its endpoints, or all again. */
      readonly type: 'aperture';
      readonly endpoints: number;
      readonly of: number;
    }
  | {
      /** The list of endpoints has changed. */
      readonly type: 'endpoints';
      readonly added: readonly string[];
      readonly removed: readonly string[];
      readonly endpoints: number;
    }
  | {
      /** The registry can not be asked; the last good list stands. Or it can be again. */
      readonly type: 'registry';
      readonly stale: boolean;
      readonly error: string;
    }
  | {
      /** A service that we depend on has enough endpoints that take calls; or has not, and `problem` says why. */
      readonly type: 'dependency';
      readonly connected: boolean;
      readonly endpoints: number;
      readonly needed: number;
      readonly required: boolean;
      readonly problem: string;
    }
  | {
      /** A record in the registry can not be read, and was passed over. */
      readonly type: 'record';
      readonly id: string;
      readonly problem: string;
    }
  | {
      /** A request that came was not let in, or would not have been where the policy only observes. `service` is our own. */
      readonly type: 'refused';
      /** Empty where the policy names none. */
      readonly route: string;
      readonly reason: Reason;
      readonly enforced: boolean;
    }
  | {
      /** Who sent a request that came, or why what it showed proves nothing: for the audit. `service` is our own. */
      readonly type: 'identify';
      /** Empty where the policy names none. */
      readonly route: string;
      /** The name that was proven; empty where none was. */
      readonly principal: string;
      readonly by: Principal['by'];
      readonly issuer: string;
      /** Why it was refused, or would have been where the policy only observes; empty where all is well. */
      readonly problem: string;
      readonly enforced: boolean;
    }
  | {
      /** The rules of `authorize` refused a request, would have, or were told to tell. `service` is our own. */
      readonly type: 'authorize';
      readonly route: string;
      readonly method: string;
      /** Who called, as proven; empty when nothing was. */
      readonly principal: string;
      readonly by: Principal['by'];
      /** The rule that spoke; empty where none did. */
      readonly rule: string;
      readonly allowed: boolean;
      /** Whether it was so; a rule or a policy that only observes changes nothing. */
      readonly enforced: boolean;
    }
  | {
      /** A handler of ours threw; whoever called was told only that it went wrong. `service` is our own. */
      readonly type: 'fault';
      readonly route: string;
      readonly problem: string;
    }
  | {
      /** Another policy is in force, or one was refused and the old one stays. `service` is our own. */
      readonly type: 'policy';
      readonly accepted: boolean;
      readonly problem: string;
    }
  | {
      /** A step of closing a mesh is done, or was given up for the problem told. `service` is our own. */
      readonly type: 'leaving';
      /** Off the lists of others; done with what was to be done before the end; all closed. */
      readonly step: 'drained' | 'stopped' | 'closed';
      readonly ms: number;
      readonly problem: string;
    }
);

/** The endpoints of one priority, in our zone or elsewhere, and what they get. */
export interface LevelFacts {
  readonly priority: number;
  /** Whether they are of other zones than ours. */
  readonly elsewhere: boolean;
  readonly healthy: number;
  readonly endpoints: number;
  /** Their share of the calls. */
  readonly percent: number;
  /** Whether health is ignored among them. */
  readonly panic: boolean;
}

/** What each event means, for the reference. */
export const events: Readonly<Record<MeshEvent['type'], string>> = {
  attempt: 'One attempt has ended.',
  call: 'A whole call has ended.',
  retry: 'A failed attempt is going to be tried again.',
  'retry-budget': 'A failed attempt was safe to try again, but the budget is spent.',
  fallback: 'A call failed, and came to something else instead.',
  cached: 'A request was answered without asking, by an answer that was kept.',
  collapse: 'A call asks for what is being asked for already, and waits for that answer.',
  hedge: 'An attempt takes long, and its request is sent to a second endpoint as well.',
  'hedge-budget': 'An attempt takes long and could be sent to a second endpoint, but the budget is spent.',
  ejected: 'An endpoint is left out for a while.',
  returned: 'An endpoint is back in rotation.',
  quota: 'A quota refused a call, made it wait for its turn, or would have where it is only observed.',
  'quota-store': 'The count that all instances share can not be asked, and each goes by its part; or it can be again.',
  injected: 'A call was delayed or broken off on purpose, as the policy has it.',
  route: 'A call goes elsewhere than it was sent; or the wish for that was refused, or would have led in a circle.',
  mirror: 'A call and the copy of it that went to another service are over: what became of each.',
  health: 'Active checks find an endpoint unwell, and it gets no calls; or well, for the first time or again.',
  circuit: 'The circuit of a service has opened, lets a call try (half-open), or has closed again.',
  limit: 'An attempt was not made, because as many are under way as may be.',
  throttle:
    'A call was not made, because the service refuses so many of late; or would not have been, where the policy only observes.',
  panic: 'Too few endpoints are healthy, so health is ignored; or enough are again.',
  spill: 'Calls go to other zones or priorities than the first, or to the first alone again.',
  aperture: 'Our part of a large service is another, or it is called whole again.',
  endpoints: 'The list of endpoints has changed.',
  registry: 'The registry can not be asked and the last good list stands; or it can be again.',
  dependency: 'A service that we depend on has enough endpoints that take calls, or no longer has.',
  record: 'A record in the registry can not be read, and was passed over.',
  refused: 'A request that came was not let in; or would not have been, where the policy only observes.',
  identify: 'Who sent a request that came, as proven; or why what it showed proves nothing. For the audit.',
  authorize: 'The rules refused a request, would have refused it, or were told to tell of it.',
  fault: 'A handler of ours threw, and the caller was told only that it went wrong.',
  policy: 'Another policy is in force, or one was refused and the old one stays.',
  leaving: 'A step of closing a mesh is done: off the lists, finished with what it served, all closed.',
};

type Listener = (event: MeshEvent) => void;

/** Where events go besides the listeners: it says at any time which ones it wants. */
export interface Outlet {
  hears(type: MeshEvent['type']): boolean;
  readonly tell: Listener;
}

/** Where facts are told and heard. A listener that throws is not heard from, and harms nobody. */
export class Events {
  #listeners: readonly Listener[] = [];
  #outlets: readonly Outlet[] = [];

  /** Whether anybody listens to all there is. */
  get heard(): boolean {
    return this.#listeners.length > 0;
  }

  /** Whether anybody wants events of a type; who tells things that are dear to gather asks first. */
  hears(type: MeshEvent['type']): boolean {
    if (this.#listeners.length > 0) return true;
    const outlets = this.#outlets;
    for (let at = 0; at < outlets.length; at++) if (outlets[at]!.hears(type)) return true; // each call asks: no iterator
    return false;
  }

  emit(event: MeshEvent): void {
    for (const listener of this.#listeners) unharmed(listener, event);
    for (const outlet of this.#outlets) if (outlet.hears(event.type)) unharmed(outlet.tell, event);
  }

  /** Tells `outlet` what it wants to hear, from now on. */
  connect(outlet: Outlet): void {
    if (!this.#outlets.includes(outlet)) this.#outlets = [...this.#outlets, outlet];
  }

  on(listener: Listener): Cancel {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }
}

/** A listener's fault is its own; a call must not fail because somebody watched it. */
function unharmed(listener: Listener, event: MeshEvent): void {
  try {
    listener(event);
  } catch {
    // Nobody to tell.
  }
}
