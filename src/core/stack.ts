import type { Policy } from '../policy/table.ts';
import type { Filter, Service } from './service.ts';

/** A named place in a stack, and the filter that stands there. */
export interface Slot<Req, Res> {
  /** The name, by which it may be replaced or taken away. */
  readonly name: string;
  /** What stands there. */
  readonly filter: Filter<Req, Res>;
  /** Whether it has nothing to do for any call of such a policy: these pass it by. Calls come by where it does not say. */
  readonly idle?: ((policy: Policy) => boolean) | undefined;
}

/** An ordered list of named filters. Never changes: every verb gives back a new stack. */
export class Stack<Req, Res> {
  readonly #slots: readonly Slot<Req, Res>[];

  /** The first slot listed meets the request first. @throws RangeError when two slots have one name. */
  constructor(slots: readonly Slot<Req, Res>[]) {
    const names = slots.map((slot) => slot.name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new RangeError(`two filters are named '${twice}' in ${names.join(' › ')}`);
    this.#slots = Object.freeze([...slots]);
  }

  /** The names, in the order the request travels. */
  get names(): readonly string[] {
    return this.#slots.map((slot) => slot.name);
  }

  /** Puts another filter in the place named. @throws RangeError when no filter has that name. */
  replace(name: string, filter: Filter<Req, Res>): Stack<Req, Res> {
    return this.#splice(name, 0, 1, [{ name, filter }]);
  }

  /** Puts a slot in front of the one named. @throws RangeError when no filter has that name. */
  before(name: string, slot: Slot<Req, Res>): Stack<Req, Res> {
    return this.#splice(name, 0, 0, [slot]);
  }

  /** Puts a slot behind the one named. @throws RangeError when no filter has that name. */
  after(name: string, slot: Slot<Req, Res>): Stack<Req, Res> {
    return this.#splice(name, 1, 0, [slot]);
  }

  /** Takes the slot named away. @throws RangeError when no filter has that name. */
  without(name: string): Stack<Req, Res> {
    return this.#splice(name, 0, 1, []);
  }

  /** What stands behind the slot named. @throws RangeError when no filter has that name. */
  below(name: string): Stack<Req, Res> {
    return new Stack(this.#slots.slice(this.#at(name) + 1));
  }

  /** The service with every filter around it; the first filter listed meets the request first. */
  around(service: Service<Req, Res>): Service<Req, Res> {
    let way: readonly Step<Req, Res>[] = [{ service, idle: undefined }];
    for (const { filter, idle } of this.#slots.toReversed()) way = [{ service: filter(along(way)), idle }, ...way];
    return along(way);
  }

  /** The names, as `deadline › retry`. */
  toString(): string {
    return this.names.join(' › ');
  }

  #splice(name: string, offset: number, remove: number, insert: readonly Slot<Req, Res>[]): Stack<Req, Res> {
    return new Stack(this.#slots.toSpliced(this.#at(name) + offset, remove, ...insert));
  }

  #at(name: string): number {
    const at = this.#slots.findIndex((slot) => slot.name === name);
    if (at < 0) throw new RangeError(`no filter is named '${name}'; there are ${this}`);
    return at;
  }
}

/** A slot as calls meet it, or the end of the way. */
interface Step<Req, Res> {
  readonly service: Service<Req, Res>;
  readonly idle: Slot<Req, Res>['idle'];
}

/** Leads to the first of `way` that has something to do; the last has. Looks again when the policy is another. */
function along<Req, Res>(way: readonly Step<Req, Res>[]): Service<Req, Res> {
  let { service } = way[0]!;
  if (way[0]!.idle === undefined) return service;
  let known: Policy | undefined;
  return (request, context) => {
    const { policy } = context;
    if (policy !== known) {
      let at = 0;
      while (way[at]!.idle?.(policy)) at++;
      service = way[at]!.service;
      known = policy;
    }
    return service(request, context);
  };
}
