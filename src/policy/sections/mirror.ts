import { integer, number, section } from '../fields.ts';
import { SERVICE_NAME } from '../names.ts';
import { text } from '../rules.ts';

/** The settings of `mirror`. */
export const mirror = section('Calls that are also made to another service, whose answers nobody gets.', {
  to: text({
    default: '',
    pattern: SERVICE_NAME,
    must: 'a name of a service',
    about: 'The service that gets a copy. Empty: none.',
  }),
  share: number({ default: 1, min: 0, max: 1, about: 'The share of the calls that are copied.' }),
  most: integer({
    default: 16,
    min: 1,
    max: 10_000,
    about: 'Copies under way at the same time; beyond it none is made, so that a slow copy can cost us little.',
  }),
});
