import { choice, section } from '../fields.ts';

/** The settings of `report`. */
export const report = section('What a service tells those who call it about itself.', {
  load: choice({
    default: 'off',
    of: ['off', 'orca'],
    about:
      'orca: each answer has an `endpoint-load-metrics` header that says how busy the instance is, for callers whose `balance.load` is `orca`, and for gRPC and Envoy. Not for instances that strangers can ask.',
  }),
});
