import { section, statuses } from '../fields.ts';

/** The settings of `outcome`. */
export const outcome = section('Which answers speak against the endpoint that gave them.', {
  failing: statuses({ default: ['5xx'], about: 'Statuses that count as a failure of the endpoint.' }),
});
