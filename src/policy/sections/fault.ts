import { duration, number, section } from '../fields.ts';
import { texts } from '../rules.ts';

/** The settings of `fault`. */
export const fault = section('Calls that are delayed or broken off on purpose, to see what comes of it.', {
  delay: duration({
    default: '0ms',
    max: '5m',
    about: 'How long a call is held back that is delayed. Its deadline runs on.',
  }),
  delayShare: number({ default: 0, min: 0, max: 1, about: 'The share of the calls that are delayed: 0.1 is 10 %.' }),
  abortShare: number({
    default: 0,
    min: 0,
    max: 1,
    about: 'The share of the calls that are broken off unsent (UNAVAILABLE), after their delay if they have one.',
  }),
  callers: texts({
    about:
      "Who may ask for faults by the headers x-envoy-fault-delay-request and x-envoy-fault-abort-request of a call: principals whose requests are being served, or our own service where none is. '*' is anybody.",
  }),
});
