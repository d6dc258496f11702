import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { Mesh } from '../../src/mesh/mesh.ts';
import { aMesh } from '../support/mesh.ts';

// W3C Trace Context: every rule for who takes part in a trace, of level 1 (Recommendation, 2021) and of level 2, by the
// part of the header that it is of. Tested from what came with a request to what goes with a call made for it, without an SDK and with one.

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const FORM = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/;

type Headers = Readonly<Record<string, string | readonly string[]>>;
interface Sent {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  readonly names: readonly string[];
}
/** What goes with the calls, one after another, that are made for a request that came with these headers. */
type Through = (headers: Headers, calls?: number) => Promise<readonly Sent[]>;

const traceOf = ({ traceparent }: Sent): string => traceparent.slice(3, 35);
const spanOf = ({ traceparent }: Sent): string => traceparent.slice(36, 52);
const flagsOf = ({ traceparent }: Sent): string => traceparent.slice(53);

/** The trace is gone on with, and this is its state. */
const goesOn = async (through: Through, headers: Headers, state?: string): Promise<void> => {
  const [sent] = await through(headers);
  assert.match(sent!.traceparent, FORM, JSON.stringify(headers));
  assert.equal(traceOf(sent!), TRACE, JSON.stringify(headers));
  assert.equal(sent!.tracestate, state, JSON.stringify(headers));
};

/** Another trace begins: nothing of what came is believed. */
const restarts = async (through: Through, traceparent: string | readonly string[]): Promise<void> => {
  const [sent] = await through({ traceparent, tracestate: 'vendor=1' });
  assert.match(sent!.traceparent, FORM, JSON.stringify(traceparent));
  assert.notEqual(traceOf(sent!), TRACE, JSON.stringify(traceparent));
  assert.equal(sent!.tracestate, undefined, JSON.stringify(traceparent));
};

const stateGoesOn = async (through: Through, came: string | readonly string[], sent: string): Promise<void> =>
  goesOn(through, { traceparent: PARENT, tracestate: came }, sent);

/** The state is not as it must be: it goes, and the trace stays. */
const stateGoes = async (through: Through, came: string): Promise<void> =>
  goesOn(through, { traceparent: PARENT, tracestate: came }, undefined);

const members = (count: number, value = '1'): string =>
  Array.from({ length: count }, (_, at) => `k${at}=${value}`).join();

type Rules = Readonly<Record<string, (through: Through, withSdk: boolean) => Promise<void>>>;

/** Level 1; what level 2 has changed is as level 2 has it. */
const level1: Rules = {
  'traceparent: it is sent in lower case, once, and is version 00': async (through) => {
    const [sent] = await through({ traceparent: PARENT });
    assert.equal(sent!.names.filter((name) => /^traceparent$/i.test(name)).join(), 'traceparent');
    assert.match(sent!.traceparent, FORM);
  },
  'trace-id: it goes on, and so does the flag of being sampled': async (through) => {
    await goesOn(through, { traceparent: PARENT });
    for (const flags of ['00', '01']) {
      const [sent] = await through({ traceparent: `00-${TRACE}-${SPAN}-${flags}` });
      assert.equal(flagsOf(sent!), flags);
    }
  },
  'traceparent: a request without traceparent begins a trace': async (through) => {
    const [sent] = await through({});
    assert.match(sent!.traceparent, FORM);
  },
  'version: ff is forbidden': (through) => restarts(through, `ff-${TRACE}-${SPAN}-01`),
  'version: it is two hexadecimal digits in lower case': async (through) => {
    for (const version of ['0', '000', '0g', 'CC', '', '-1']) await restarts(through, `${version}-${TRACE}-${SPAN}-01`);
  },
  'trace-id: it is 32 hexadecimal digits in lower case': async (through) => {
    const bad = [TRACE.slice(1), `${TRACE}0`, TRACE.toUpperCase(), `g${TRACE.slice(1)}`, `${TRACE.slice(1)} `];
    for (const id of bad) await restarts(through, `00-${id}-${SPAN}-01`);
  },
  'trace-id: one of zeros is none': (through) => restarts(through, `00-${'0'.repeat(32)}-${SPAN}-01`),
  'parent-id: it is 16 hexadecimal digits in lower case': async (through) => {
    const bad = [SPAN.slice(1), `${SPAN}0`, SPAN.toUpperCase(), `g${SPAN.slice(1)}`, `${SPAN.slice(1)} `];
    for (const id of bad) await restarts(through, `00-${TRACE}-${id}-01`);
  },
  'parent-id: one of zeros is none': (through) => restarts(through, `00-${TRACE}-${'0'.repeat(16)}-01`),
  'trace-flags: they are two hexadecimal digits in lower case': async (through) => {
    for (const flags of ['1', '001', '0G', '0A', '']) await restarts(through, `00-${TRACE}-${SPAN}-${flags}`);
  },
  'trace-flags, other flags: those that are not known are sent as zero': async (through) => {
    const [sent] = await through({ traceparent: `00-${TRACE}-${SPAN}-fd` });
    assert.equal(flagsOf(sent!), '01');
  },
  'version-format: 00 has nothing behind its flags': async (through) => {
    for (const more of ['-', '-00', '.', 'x', '-what']) await restarts(through, PARENT + more);
  },
  'versioning: a later version is read as far as version 00 goes, more begins with a dash, and 00 is sent': async (
    through,
  ) => {
    for (const version of ['01', 'cc', 'fe']) {
      for (const more of ['', '-', '-what-the-future-will-be-like']) {
        await goesOn(through, { traceparent: `${version}-${TRACE}-${SPAN}-01${more}` });
      }
      for (const more of ['.', 'x', '0']) await restarts(through, `${version}-${TRACE}-${SPAN}-01${more}`);
      await restarts(through, `${version}-${TRACE}-${SPAN}`); // shorter than 55 characters
    }
  },
  'traceparent: what else is malformed begins a trace': async (through) => {
    for (const text of [
      '',
      '-',
      '00',
      `00-${TRACE}`,
      `00-${TRACE}-${SPAN}`,
      `00_${TRACE}_${SPAN}_01`,
      'x'.repeat(9_999),
    ])
      await restarts(through, text);
  },
  'traceparent: two traceparents are none, as lists and as servers join them': async (through) => {
    await restarts(through, [PARENT, PARENT]);
    await restarts(through, `${PARENT}, ${PARENT}`);
    await restarts(through, `${PARENT},${PARENT}`);
  },
  'traceparent: blanks that HTTP allows around a value are no part of it': async (through) => {
    for (const text of [` ${PARENT}`, `${PARENT} `, `\t${PARENT}\t`]) await goesOn(through, { traceparent: text });
    for (const text of [`\u00a0${PARENT}`, `${PARENT}\u2003`, `${PARENT}\n`]) await restarts(through, text);
  },
  'mutating the traceparent: each request that is sent has a parent id of its own, and none is that which came': async (
    through,
  ) => {
    const sent = await through({ traceparent: PARENT }, 20);
    assert.equal(new Set([SPAN, ...sent.map(spanOf)]).size, 21);
    assert.deepEqual([...new Set(sent.map(traceOf))], [TRACE]);
  },
  'tracestate: without a usable traceparent it is not sent on': async (through) => {
    const [sent] = await through({ tracestate: 'vendor=1' });
    assert.equal(sent!.tracestate, undefined);
    await restarts(through, 'nonsense');
  },
  'tracestate: one that can not be read leaves the traceparent as it is': (through) => stateGoes(through, 'no member'),
  'tracestate: it goes on in its order, and is sent in lower case': async (through) => {
    await stateGoesOn(through, 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE');
    const [sent] = await through({ traceparent: PARENT, tracestate: 'a=1' });
    assert.equal(sent!.names.filter((name) => /^tracestate$/i.test(name)).join(), 'tracestate');
  },
  'tracestate, combined: several fields are one list': (through) =>
    stateGoesOn(through, ['a=1,b=2', 'c=3'], 'a=1,b=2,c=3'),
  'tracestate, list: members may be empty and may have blanks around them': async (through) => {
    await stateGoesOn(through, 'a=1 , b=2\t,\tc=3', 'a=1,b=2,c=3');
    await stateGoesOn(through, 'a=1,,b=2,', 'a=1,b=2');
    await stateGoes(through, '');
    await stateGoes(through, ' , \t,');
  },
  'tracestate, list: there are at most 32 members': async (through) => {
    await stateGoesOn(through, members(32), members(32));
    await stateGoes(through, members(33));
  },
  'tracestate, key: it has up to 256 characters of its alphabet, and a tenant may stand before an @': async (
    through,
  ) => {
    const good = [
      'a',
      'z'.repeat(256),
      'a_-*/0',
      'tenant@system',
      '0tenant@system',
      `${'t'.repeat(241)}@${'s'.repeat(14)}`,
    ];
    for (const key of good) await stateGoesOn(through, `${key}=1`, `${key}=1`);
    for (const key of [
      '',
      'A',
      'aA',
      'a b',
      'ä',
      'a.b',
      'a:b',
      '_a',
      '-a',
      '*a',
      '/a',
      '@a',
      'z'.repeat(257),
      'a\u0000',
    ])
      await stateGoes(through, `${key}=1`);
  },
  'tracestate, value: it is up to 256 printable characters but for comma and equals, and ends with no blank': async (
    through,
  ) => {
    const printable = Array.from({ length: 0x5f }, (_, at) => String.fromCharCode(0x20 + at)).join('');
    const all = `${printable.replace(/[,=]/g, '').trim()}`;
    for (const value of [all, 'a b', '  a', 'v'.repeat(256)]) await stateGoesOn(through, `a=${value}`, `a=${value}`);
    await stateGoesOn(through, 'a=b  ', 'a=b');
    for (const value of ['', 'a=b', 'ä', 'a\tb', 'a\u007f', 'a\u0000', 'v'.repeat(257)])
      await stateGoes(through, `a=${value}`);
  },
  'tracestate, list-members: each is a key, an equals sign and a value, with no blanks between': async (through) => {
    for (const member of ['a', 'a ', 'a =1', '=1', 'a;b', 'a=1;b=2=3']) await stateGoes(through, member);
  },
  'tracestate, list-members: each key stands there once': (through) => stateGoes(through, 'a=1,b=2,a=3'),
  'tracestate, limits: at least 512 characters go on; of more the entries over 128 go first, then the last, and never a part':
    async (through) => {
      const exact = `${members(5, 'v'.repeat(97))},l=${'v'.repeat(5)}`;
      assert.equal(exact.length, 512);
      await stateGoesOn(through, exact, exact);
      const large = `large=${'v'.repeat(123)}`; // 129
      const smalls = members(5, 'v'.repeat(97));
      await stateGoesOn(through, `${large},${smalls}`, smalls);
      await stateGoesOn(through, `${smalls},z=${'v'.repeat(98)}`, smalls);
    },
  'mutating the tracestate: a state that is passed on is not changed: no member of ours, none moved': (through) =>
    stateGoesOn(through, 'b=2,a=1,z=3', 'b=2,a=1,z=3'),
};

const level2: Rules = {
  'trace-flags, random-trace-id: the flag of a random trace id goes on as it came': async (through) => {
    for (const flags of ['00', '01', '02', '03']) {
      const [sent] = await through({ traceparent: `00-${TRACE}-${SPAN}-${flags}` });
      assert.equal(flagsOf(sent!), flags);
    }
  },
  'trace-flags, random-trace-id: of a later version as well, and no flag beside the two': async (through) => {
    const [sent] = await through({ traceparent: `01-${TRACE}-${SPAN}-ff-more` });
    assert.equal(flagsOf(sent!), '03');
  },
  'tracestate, key: it may begin with a digit, and an @ may stand anywhere but first': async (through) => {
    for (const key of ['1a', '0', 'a@', 'a@b@c', 'a@1b', `a@${'b'.repeat(254)}`])
      await stateGoesOn(through, `${key}=1`, `${key}=1`);
    await stateGoes(through, '@a=1');
  },
  'generating a trace-id: who begins a trace says that its id is random where it knows, and 56 bits at its right are':
    async (through, withSdk) => {
      const sent = await Promise.all(Array.from({ length: 300 }, async () => (await through({}))[0]!));
      assert.deepEqual([...new Set(sent.map(flagsOf))], [withSdk ? '01' : '03']); // how an SDK makes ids it does not say
      assert.equal(new Set(sent.map((one) => traceOf(one).slice(-14))).size, 300);
    },
};

/** Everything that there is to send, through a mesh. */
const throughMesh =
  (mesh: Mesh): Through =>
  (headers, calls = 1) =>
    mesh.within(headers, async () => {
      const sent: Sent[] = [];
      for (let at = 0; at < calls; at++) {
        await mesh.call('orders', ({ headers }) => {
          sent.push({
            traceparent: headers.traceparent!,
            tracestate: headers.tracestate,
            names: Object.keys(headers),
          });
        });
      }
      return sent;
    });

for (const [how, withSdk] of [
  ['without an SDK', false],
  ['with an SDK', true],
] as const) {
  suite(`trace context ${how}`, () => {
    let through: Through;
    const begin = async (): Promise<void> => {
      if (withSdk) {
        context.setGlobalContextManager(new AsyncLocalStorageContextManager());
        trace.setGlobalTracerProvider(new TracerProvider({}));
      }
      through = throughMesh((await aMesh({ telemetry: { traces: withSdk } })).mesh);
    };
    const end = (): void => {
      trace.disable();
      context.disable();
    };
    for (const [level, rules] of Object.entries({ 1: level1, 2: level2 })) {
      for (const [rule, holds] of Object.entries(rules)) {
        test(`level ${level}, ${rule}`, async () => {
          await begin();
          try {
            await holds(through, withSdk);
          } finally {
            end();
          }
        });
      }
    }
  });
}
