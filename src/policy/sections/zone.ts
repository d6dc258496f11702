import { choice, flag, number, section } from '../fields.ts';

/** The settings of `zone`. */
export const zone = section(
  'Which endpoints come first: those of our own zone, and those of the best priority. Calls spill over as these fail.',
  {
    mode: choice({
      default: 'local',
      of: ['local', 'off'],
      about:
        'local: calls stay in the zone that `createMesh({ zone })` names, as far as its health and its share of the endpoints allow (where we are listed, beside its share of our instances; the rest goes to zones by what they have to spare). Without a zone of ours it does nothing. off: zones do not matter.',
    }),
    priorities: flag({
      default: true,
      about:
        'Endpoints whose metadata has a `priority` of 1 to 127 are for when those of a lower number fail. Without one it is 0.',
    }),
    overprovisioning: number({
      default: 1.4,
      min: 1,
      max: 10,
      about:
        'A zone or priority takes all its calls while its healthy share times this is 1 at least: 1.4 is 71 % of it. Below, the rest goes on to the next.',
    }),
  },
);
