import { choice, duration, flag, number, section } from '../fields.ts';

/** The settings of `deadline`. */
export const deadline = section('How long a whole call may take, retries and waits and all.', {
  timeout: duration({
    default: '10s',
    min: '1ms',
    about: 'From the call to its answer. A shorter deadline of the request being served wins.',
  }),
  inherit: flag({
    default: true,
    about: 'Calls made while serving a request get what is left of its deadline, where that is less.',
  }),
  expired: choice({
    default: 'enforce',
    of: ['off', 'observe', 'enforce'],
    about:
      'Requests to this service whose deadline is past when they come. observe: told, and served. enforce: refused (504).',
  }),
  refuse: number({
    default: 0.2,
    min: 0,
    max: 1,
    about:
      'The share of all requests within 10 s that may be refused so: where more come late, it is a clock that is wrong.',
  }),
});
