import { choice, duration, type Field, integer, number, section, type Values, type Writes } from '../fields.ts';
import { readField } from '../read.ts';
import { group } from '../rules.ts';

const over = duration({ default: 'off', off: true, min: '1ms', about: 'What takes longer than this is slow.' });
const share = number({
  default: 1,
  min: 0.01,
  max: 1,
  about: 'Opens when at least this share of the calls is slow, whether they succeed or fail.',
});
const parts = group({
  of: { over, share },
  about:
    'When slowness opens it too, as resilience4j has it: by a share of its own, of the same `volume`. A slow answer is given to its caller all the same. A duration alone is `over`, of all calls. A circuit of yours is told of each slow call as of one that failed.',
});

type Slow = Values<{ over: typeof over; share: typeof share }>;

/** What is slow, and how much of it is too much: the length of time alone, or both. */
const slow: Field<Slow> & Writes<string | { readonly over?: string; readonly share?: number }> = {
  ...parts,
  must: `${over.must}; or an object of \`over\` and \`share\``,
  json: { anyOf: [over.json, parts.json] },
  read: (value, path) =>
    typeof value === 'string' ? { over: readField(over, value, path), share: 1 } : parts.read!(value, path),
};

/** The settings of `circuit`. */
export const circuit = section(
  'When a service that keeps failing, wherever it is asked, is not called for a while. Opossum.',
  {
    mode: choice({
      default: 'off',
      of: ['off', 'observe', 'enforce', 'open', 'closed'],
      about:
        'observe: counts and tells, and refuses nothing. enforce: refuses calls while it is open. open: refuses all. closed: lets all through, whatever a circuit of yours says.',
    }),
    threshold: number({
      default: 0.5,
      min: 0.01,
      max: 1,
      about: 'Opens when at least this share of the calls fails, all their retries counted as one call.',
    }),
    volume: integer({ default: 20, min: 5, max: 1_000_000, about: 'Calls in the window before it may open.' }),
    window: duration({ default: '10s', min: '100ms', about: 'How far back it looks, to a tenth of this.' }),
    open: duration({
      default: '5s',
      min: '1ms',
      about: 'How long it stays open, less up to half by chance. Then one call tries whether the service is well.',
    }),
    slow,
  },
);
