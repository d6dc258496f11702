/**
 * Why an endpoint is left out: failures in a row, too small a share of good answers within ten seconds, worse than its
 * fleet, because it asked for it (Retry-After), or because it said that it is leaving.
 */
export type EjectedWhy = 'failures' | 'success-rate' | 'fleet' | 'asked' | 'leaving';

/** What happens to the endpoints that we call, and to what is known of them. */
export type EndpointEvent =
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
      /** What active checks think of an endpoint is another than before. */
      readonly type: 'health';
      readonly endpoint: string;
      readonly healthy: boolean;
      /** What was seen: `well`, `status 503`, `ECONNREFUSED`. */
      readonly why: string;
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
      /** No endpoint has the labels that calls must find, so that they fail or go to any (on); or some have again. */
      readonly type: 'subset';
      readonly on: boolean;
      /** As the policy names them: `version=v2, zone=a`. */
      readonly labels: string;
      /** Endpoints that have them, of so many that take calls. */
      readonly having: number;
      readonly endpoints: number;
      readonly fallback: 'none' | 'any';
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
    };

/** The endpoints of one priority, in our zone or elsewhere, and what they get. */
export interface LevelFacts {
  /** 0 is the first to be called. */
  readonly priority: number;
  /** Whether they are of other zones than ours. */
  readonly elsewhere: boolean;
  /** How many of them are well. */
  readonly healthy: number;
  /** How many there are. */
  readonly endpoints: number;
  /** Their share of the calls. */
  readonly percent: number;
  /** Whether health is ignored among them. */
  readonly panic: boolean;
  /** What each of their zones gets of all calls, in whole percent, where it goes by what it has to spare; else empty. */
  readonly zones: Readonly<Record<string, number>>;
}
