import type { Reason } from './errors.ts';
import type { Principal } from './principal.ts';

/** What happens to this service itself, and to the requests that come to it. `service` is our own. */
export type OwnEvent =
  | {
      /** The count that all instances share can not be asked, and each goes by its part; or it can be again. */
      readonly type: 'quota-store';
      readonly away: boolean;
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
      /**
       * What proves who we or others are can not be used as it is now, and what was known before stands; or it can be again.
       * `service` is our own.
       */
      readonly type: 'credentials';
      /** `certificate`: what we show and whom we believe over TLS. `token`: the key of our own tokens. `issuer`: somebody's keys. */
      readonly what: 'certificate' | 'token' | 'issuer';
      /** Whose keys they are; empty but for those of an issuer. */
      readonly issuer: string;
      /** What is wrong; empty where all is well again. Holds no secret. */
      readonly problem: string;
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
      /** An instance of ours stands otherwise in the registry than before. */
      readonly type: 'listing';
      readonly id: string;
      /** `conflict`: another process has its place. `lost`: it is off the list, or nobody can say; it comes back by itself. */
      readonly state: 'joining' | 'listed' | 'lost' | 'conflict' | 'left';
    }
  | {
      /** The session with the registry is in another state; or something would keep it from being found again. */
      readonly type: 'session';
      readonly state: 'connecting' | 'connected' | 'suspended' | 'lost' | 'closed';
      /** Why it is not connected, or might not be again; empty where all is well. */
      readonly problem: string;
    }
  | {
      /** Lines of the access log were dropped. `service` is our own. */
      readonly type: 'access-log';
      /** So many since this was told last; once a second at most. */
      readonly dropped: number;
    }
  | {
      /** A step of closing a mesh is done, or was given up for the problem told. `service` is our own. */
      readonly type: 'leaving';
      /** Off the lists of others; done with what was to be done before the end; all closed. */
      readonly step: 'drained' | 'stopped' | 'closed';
      readonly ms: number;
      readonly problem: string;
    };
