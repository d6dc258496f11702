import { duration, flag, section } from '../fields.ts';

/** The settings of `attempt`. */
export const attempt = section('How long one attempt may take.', {
  timeout: duration({
    default: 'off',
    off: true,
    min: '1ms',
    about: 'From the pick to the answer. Counts against the endpoint; then the call may be tried again.',
  }),
  connect: duration({ default: '1s', min: '1ms', max: '5m', about: 'How long making a connection may take.' }),
  last: flag({
    default: true,
    about:
      'Whether it bounds also an attempt after which there can be no other. If not, that one has all the time that is left.',
  }),
});
