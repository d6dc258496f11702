import { choice, duration, integer, section, statuses } from '../fields.ts';
import { group, text } from '../rules.ts';

/** The settings of `health`. */
export const health = section(
  'Whether endpoints are asked how they are, beside the calls. Only those of services that are called.',
  {
    check: choice({
      default: 'off',
      of: ['off', 'http', 'tcp', 'grpc'],
      about:
        'http: asks for a path. tcp: makes a connection. grpc: asks grpc.health.v1.Health. Who is not well gets no calls.',
    }),
    path: text({
      default: '/readyz',
      max: 200,
      pattern: /^[\x21-\x7e]*$/,
      must: "a text of 200 characters at most, such as '/readyz'",
      about: 'What http asks for. For grpc the service asked about; what begins with a slash asks about the server.',
    }),
    statuses: statuses({ default: [200], about: 'Answers of http that are well. Any other is unwell at once.' }),
    interval: duration({
      default: '10s',
      min: '100ms',
      about:
        'Between two checks of one that is well, more or less by a tenth. A fifth of it for one that is not, or is new.',
    }),
    timeout: duration({ default: '1s', min: '1ms', max: '5m', about: 'How long a check may take.' }),
    threshold: group({
      of: {
        unhealthy: integer({ default: 3, min: 1, max: 100, about: 'Checks in a row without an answer.' }),
        healthy: integer({ default: 2, min: 1, max: 100, about: 'Checks in a row that go well.' }),
      },
      about: 'How many checks change the mind. The first that goes well is enough for one that is new.',
    }),
  },
);
