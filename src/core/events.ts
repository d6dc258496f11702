import type { CallEvent } from './call-events.ts';
import type { Context } from './context.ts';
import type { EndpointEvent } from './endpoint-events.ts';
import type { Cancel } from './live.ts';
import type { OwnEvent } from './own-events.ts';
import { quiet } from './quiet.ts';

/** What happens in a mesh, as plain facts. `at` is milliseconds since 1970 began. */
export type MeshEvent = { readonly at: number; readonly service: string } & (CallEvent | EndpointEvent | OwnEvent);

/** What each event means, for the reference. */
export const events: Readonly<Record<MeshEvent['type'], string>> = {
  attempt: 'One attempt has ended.',
  call: 'A whole call has ended.',
  retry: 'A failed attempt is going to be tried again.',
  'retry-budget': 'A failed attempt was safe to try again, but the budget is spent.',
  fallback: 'A call failed, and came to something else instead.',
  failback: 'A call that failed and came to nothing was tried again later, and succeeded; or was given up.',
  broadcast: 'A call was sent to every endpoint.',
  cached: 'A request was answered without asking, by an answer that was kept.',
  collapse: 'A call asks for what is being asked for already, and waits for that answer.',
  batch: 'Keys that were asked for within a moment, and went in one call (`inmesh/batch`), are over.',
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
  subset: 'No endpoint has the labels that calls must find, so they fail or go to any; or some have again.',
  aperture: 'Our part of a large service is another, or it is called whole again.',
  endpoints: 'The list of endpoints has changed.',
  registry: 'The registry can not be asked and the last good list stands; or it can be again.',
  listing:
    'An instance of ours stands otherwise in the registry than before: off the list, its place taken, or listed again.',
  session: 'The session with the registry is in another state; or something would keep it from being found again.',
  dependency: 'A service that we depend on has enough endpoints that take calls, or no longer has.',
  record: 'A record in the registry can not be read, and was passed over.',
  refused: 'A request that came was not let in; or would not have been, where the policy only observes.',
  identify: 'Who sent a request that came, as proven; or why what it showed proves nothing. For the audit.',
  credentials:
    'A certificate, the key of our tokens, or the keys of an issuer can not be used as they are now, and those before stand; or they can be again.',
  authorize: 'The rules refused a request, would have refused it, or were told to tell of it.',
  fault: 'A handler of ours threw, and the caller was told only that it went wrong.',
  policy: 'Another policy is in force, or one was refused and the old one stays.',
  'access-log': 'Lines of the access log were dropped, since nobody took them in time.',
  leaving: 'A step of closing a mesh is done: off the lists, finished with what it served, all closed.',
};

type Listener = (event: MeshEvent, of?: Context) => void;

/** Where events go besides the listeners: it says at any time which ones it wants. */
export interface Outlet {
  hears(type: MeshEvent['type']): boolean;
  /** Tells it what happened; and to which call or request, where it was just one. */
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

  /** Tells what happened; `of` is the call or the request that it happened to, or that was the last to bring it about. */
  emit(event: MeshEvent, of?: Context): void {
    for (const listener of this.#listeners) unharmed(listener, event);
    for (const outlet of this.#outlets) if (outlet.hears(event.type)) unharmed(outlet.tell, event, of);
  }

  /** Tells `outlet` what it wants to hear, from now on. */
  connect(outlet: Outlet): void {
    if (!this.#outlets.includes(outlet)) this.#outlets = [...this.#outlets, outlet];
  }

  on(listener: Listener): Cancel {
    const own: Listener = (event, of) => listener(event, of); // given twice, it is two
    this.#listeners = [...this.#listeners, own];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== own);
    };
  }
}

/** A listener's fault is its own; a call must not fail because somebody watched it, nor may the process end. */
function unharmed(listener: Listener, event: MeshEvent, of?: Context): void {
  try {
    quiet(listener(event, of));
  } catch {
    // Nobody to tell.
  }
}
