import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPolicy } from '../../src/policy/check.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { PolicyProblem } from '../../src/policy/read.ts';
import type { PolicyDocument } from '../../src/policy/table.ts';
import { fc } from '../support/fast-check.ts';

const sections = fc.record(
  {
    retry: fc.record(
      { attempts: fc.integer({ min: 1, max: 10 }), budget: fc.constantFrom(0, 0.2, 1) },
      { requiredKeys: [] },
    ),
    deadline: fc.record({ timeout: fc.constantFrom('1ms', '250ms', '1m30s', '24h') }, { requiredKeys: [] }),
    outcome: fc.record({ failing: fc.subarray([500, '5xx', 404] as const) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const name = fc.constantFrom('orders', 'users', '__proto__', 'constructor');
const dictionary = <T>(value: fc.Arbitrary<T>) => fc.array(fc.tuple(name, value)).map((all) => Object.fromEntries(all));
const service = fc
  .tuple(sections, fc.option(dictionary(sections), { nil: undefined }))
  .map(([own, routes]) => ({ ...own, ...(routes && { routes }) }));
const documents = fc.record({ defaults: sections, services: dictionary(service) }, { requiredKeys: [] });

/** The simple way: look in each place, the nearest first. */
function nearest(document: PolicyDocument, service: string, route: string, section: string, field: string): unknown {
  const own = Object.hasOwn(document.services ?? {}, service) ? document.services![service] : undefined;
  const ofRoute = own?.routes && Object.hasOwn(own.routes, route) ? own.routes[route] : undefined;
  for (const place of [ofRoute, own, document.defaults]) {
    const value = (place as Record<string, Record<string, unknown>> | undefined)?.[section]?.[field];
    if (value !== undefined) return value;
  }
  return undefined;
}

test('for every service and route, each setting is what the nearest place says', () => {
  fc.assert(
    fc.property(documents, name, name, (document, service, route) => {
      const described = new PolicySet(document).describe(service, route);
      for (const [section, settings] of Object.entries(described)) {
        for (const [field, { value, from }] of Object.entries(settings)) {
          const want = nearest(document as PolicyDocument, service, route, section, field);
          if (want === undefined) assert.equal(from, 'default');
          else assert.deepEqual(value, want === '1m30s' ? '1m30s' : want);
        }
      }
    }),
  );
});

test('anything at all is either a policy or a problem told in one sentence, and never pollutes a prototype', () => {
  const keys = fc.constantFrom('defaults', 'services', 'retry', 'attempts', 'routes', '__proto__', 'constructor', 'x');
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue(),
      fc.array(fc.tuple(keys, tie('tree'))).map((all) => Object.fromEntries(all)),
    ),
  }));
  fc.assert(
    fc.property(fc.oneof(tree, fc.anything()), (document) => {
      try {
        checkPolicy(document);
        new PolicySet(document).for('orders');
      } catch (error) {
        assert.ok(error instanceof PolicyProblem, String(error));
        assert.ok(error.message.length < 1_000, error.message);
      }
      assert.equal(({} as Record<string, unknown>).attempts, undefined);
    }),
    { numRuns: 500 },
  );
});
