import { Maglev } from '../math/maglev.ts';
import { HashRing } from '../math/ring.ts';
import type { Policy } from '../policy/table.ts';
import { hashed } from './hashed.ts';
import { leastRequest } from './least-request.ts';
import { p2c } from './p2c.ts';
import { fresh, type Picker } from './picker.ts';
import { roundRobin, weightedRoundRobin } from './round-robin.ts';

/** What a picker is called in the policy. */
export type PickerName = Policy['balance']['picker'];

const MAKERS: Readonly<Record<PickerName, () => Picker>> = {
  p2c,
  'least-request': leastRequest,
  'round-robin': roundRobin,
  'weighted-round-robin': weightedRoundRobin,
  random: () => (_pools, pool, tried, _policy, _now, random) => fresh(pool, undefined, tried, random),
  'ring-hash': () => hashed((members, hash) => new HashRing(members, hash)),
  maglev: () => hashed((members, hash) => new Maglev(members, hash)),
};

/** How `explain` says why an endpoint in rotation is picked. */
export const sayPicked: Readonly<Record<PickerName, string>> = {
  p2c: 'picked by latency and calls in flight',
  'least-request': 'picked by calls in flight',
  'round-robin': 'picked in turn, whatever its weight',
  'weighted-round-robin': 'picked in turn, as often as its weight says',
  random: 'picked by chance, as often as its weight says',
  'ring-hash': 'picked for its keys on the ring; by chance and weight for calls without a key',
  maglev: 'picked for its keys in the Maglev table; by chance and weight for calls without a key',
};

/** The pickers of one service: made when first asked for, and kept with what they remember. */
export class Pickers {
  readonly #made: { [Name in PickerName]?: Picker } = {};

  /** The picker of that name. */
  named(name: PickerName): Picker {
    this.#made[name] ??= MAKERS[name]();
    return this.#made[name];
  }
}
