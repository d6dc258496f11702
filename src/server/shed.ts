import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { ask, type Filter, refuse } from '../core/service.ts';
import type { Arrival } from './arrival.ts';

const RETRY_AFTER_MS = 1_000; // for clients that know no nack; those that do go elsewhere at once

/** Refuses requests while too many are being served, before they cost anything; so those that are served end in time. */
export function shed<Res>({ clock, events }: Env): Filter<Arrival, Res> {
  let serving = 0;
  const ended = (): void => {
    serving--;
  };
  return (next) => (arrival, context) => {
    const { policy, service, route = '' } = context;
    const { mode, limit } = policy.shed;
    if (mode === 'off') return next(arrival, context);
    if (serving >= limit) {
      const enforced = mode === 'enforce';
      if (events.hears('refused')) {
        events.emit({ at: clock.epoch(), service, type: 'refused', route, reason: 'shed', enforced });
      }
      if (enforced) return refuse(full(service, serving));
    }
    serving++;
    const answer = ask(next, arrival, context);
    answer.then(ended, ended);
    return answer;
  };
}

const full = (service: string, serving: number): MeshError =>
  new MeshError('shed', `${service}: ${serving} requests are being served`, { service, retryAfterMs: RETRY_AFTER_MS });
