import type { Policy } from '../policy/table.ts';
import type { Call } from './call.ts';
import type { Service } from './service.ts';

/** Another service, as a filter finds it that sends a call there. */
export interface Reached {
  /** The settings for calls to it, and the route of it that the request falls under. */
  readonly policy: Policy;
  readonly route: string | undefined;
  /** Its way from below a slot on, so that no call meets that slot twice. */
  below(slot: 'route' | 'mirror'): Service<Call<unknown>, unknown>;
}

/** Finds another service. @throws MeshError INVALID_ARGUMENT when it can not be the name of one. */
export type Reach = (service: string, call: Call<unknown>) => Reached;
