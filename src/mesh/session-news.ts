import type { Env } from '../core/env.ts';
import type { Cancel } from '../core/live.ts';
import type { Registry, RegistrySession } from '../discovery/registry.ts';

/** Tells of the session with the registry whenever it comes to be in another state. Gives back the way to stop. */
export function tellOfSession(service: string, { events, clock }: Env, { session }: Registry): Cancel {
  let known: string | undefined;
  return (
    session?.watch((now) => {
      const news = newsOf(now);
      const isNews = known !== undefined && news !== known; // as it was when we came is no news
      known = news;
      if (!isNews) return;
      const { is: state, problem = '' } = now;
      events.emit({ type: 'session', at: clock.epoch(), service, state, problem });
    }) ?? (() => {})
  );
}

/** What makes one state another. Each try to connect fails in its own words; that it does is news once. */
const newsOf = ({ is, problem = '' }: RegistrySession): string =>
  is === 'connected' ? `${is} ${problem}` : `${is} ${problem !== ''}`;
