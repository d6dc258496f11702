import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import { ANONYMOUS } from '../../src/core/principal.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import type { PolicySections } from '../../src/policy/table.ts';
import { Authority, authorize } from '../../src/server/authorize.ts';
import { judgeRequest } from '../../src/server/authorizer.ts';
import { RouteGuards } from '../../src/server/route-guards.ts';
import { routeFor } from '../../src/server/way-in.ts';
import { aContext, testEnv } from '../../src/testing.ts';
import { anArrival } from '../support/arrival.ts';
import { fc } from '../support/fast-check.ts';

type Read = (path: string) => string;

const withoutQuery: Read = (target) => target.replace(/[?#].*$/s, '');

/** What servers do with a path, one after the other; several of these make one server. */
const HABITS: Readonly<Record<string, Read>> = {
  'decode all': (path) => decodeURIComponent(path),
  'decode what is no delimiter': (path) => decodeURI(path),
  'resolve dots': (path) => new URL(`http://host${path}`).pathname,
  'resolve dots, and take slashes together': (path) => posix.normalize(path),
  'take what stands behind two slashes for a host': (path) => new URL(path, 'http://host').pathname,
  'take slashes together': (path) => path.replace(/\/+/g, '/'),
  'take backslashes for slashes': (path) => path.replaceAll('\\', '/'),
  'leave parameters out': (path) => path.replace(/;[^/]*/g, ''),
  'leave an ending slash out': (path) => path.replace(/(.)\/$/, '$1'),
  'leave dots and blanks at the end out': (path) => path.replace(/([^./ ])[. ]+(?=\/|$)/g, '$1'),
  'end at a zero': (path) => path.replace(/\0.*/s, ''),
  'take letters that look alike for one': (path) => path.normalize('NFKC'),
  'read bytes as UTF-8': (path) => Buffer.from(path, 'latin1').toString('utf8'),
};

const server = fc
  .subarray(Object.keys(HABITS), { minLength: 0, maxLength: 5 })
  .chain((names) => fc.shuffledSubarray(names, { minLength: names.length, maxLength: names.length }));

/** What a server makes of a target; nothing where it can make nothing of it. */
function readBy(names: readonly string[], target: string): string | undefined {
  try {
    return names.reduce((path, name) => HABITS[name]!(path), withoutQuery(target));
  } catch {
    return undefined;
  }
}

const word = fc.constantFrom(
  'admin',
  'ADMIN',
  '%61dmin',
  'adm%49n',
  'public',
  'public',
  'page',
  'x',
  'host',
  '%EF%BD%81dmin',
  '%C4%B1',
  'admin.',
  'admin%20',
);
const sign = fc.constantFrom(
  '/',
  '/',
  '/',
  '//',
  '..',
  '.',
  '%2e',
  '%2E%2e',
  '%2f',
  '%5c',
  '\\',
  ';',
  ';a=1',
  '#',
  '?',
  '%00',
  '%0a',
  '%25',
  '%252e',
  '%3b',
  '%3F',
  '%23',
  ':',
  '@',
  '%40',
  '%c0%af',
  '%EF%BC%8F', // looks like a slash
  '%E2%80%A5', // like two dots
  '%EF%BC%8E', // like one
  '%EF%BC%BC', // like a backslash
  '%EF%BC%9B', // like what parameters begin with
  '%EF%BC%9F', // like what a query begins with
  '%EF%B9%9F', // like what a fragment begins with
  '%EF%BC%85', // like a per cent
  '\u00e9',
);
const target = fc.array(fc.oneof(word, sign), { maxLength: 9 }).map((parts) => `/${parts.join('')}`);

const settingsOf = (rules: NonNullable<NonNullable<PolicySections['authorize']>['rules']>) =>
  new PolicySet({ defaults: { authorize: { mode: 'enforce', rules } } }).for('orders').authorize;

const letsIn = (settings: ReturnType<typeof settingsOf>, path: string): boolean => {
  const asked = { principal: ANONYMOUS, method: 'GET', path, headers: {}, address: '10.0.0.1' };
  const judged = judgeRequest(settings, asked, () => Promise.reject(new Error('nobody asks')));
  assert.ok(!(judged instanceof Promise));
  return judged.verdict.allowed;
};

/** Whether a service lets a request in, all of whose rules stand under routes. */
function letsInBy(shop: object): (path: string) => boolean {
  const policies = new PolicySet({ services: { shop } });
  const way = authorize<string>(testEnv(), new Authority(() => Promise.reject(new Error('nobody asks'))));
  const guards = RouteGuards.of(policies, 'shop');
  return (path) => {
    const route = routeFor(policies, 'shop', 'GET', path);
    const policy = guards!.policyFor(policies.for('shop', route), route, 'GET', path);
    let isIn = false;
    const served = way(() => {
      isIn = true;
      return Promise.resolve('served');
    });
    served(anArrival({ path }), { ...aContext(), policy }).catch(() => {});
    return isIn;
  };
}

const isGuarded = (path: string): boolean => /^\/admin(?:\/|$)/i.test(path);

const RUNS = { numRuns: 20_000 };

test('whatever a server makes of a path, what a deny is for is not let in', () => {
  const [deny, butNot] = [
    settingsOf([{ action: 'deny', paths: ['/admin/*'] }]),
    settingsOf([{ notPaths: ['/admin/*'] }]),
  ];
  fc.assert(
    fc.property(target, server, (path, names) => {
      const read = readBy(names, path);
      if (read === undefined || !isGuarded(read)) return;
      for (const settings of [deny, butNot])
        assert.equal(letsIn(settings, path), false, `${path} is ${read}: ${names}`);
    }),
    RUNS,
  );
});

test('whatever a server makes of a path, what a route alone is to guard is not let in, nor what another route does not open', () => {
  const deny = { mode: 'enforce', rules: [{ action: 'deny' }] };
  const alone = letsInBy({ routes: { '/admin/{rest*}': { authorize: deny } } });
  const open = letsInBy({ authorize: deny, routes: { '/public/{rest*}': { authorize: { mode: 'off' } } } });
  let opened = 0;
  fc.assert(
    fc.property(target, server, (path, names) => {
      const read = readBy(names, path);
      if (read === undefined) return;
      if (isGuarded(read)) assert.equal(alone(path), false, `${path} is ${read}: ${names}`);
      if (!open(path)) return;
      opened++;
      assert.ok(/^\/public(?:\/|$)/.test(read), `${path} is ${read}: ${names}`);
    }),
    RUNS,
  );
  assert.ok(opened > 50, `${opened}`); // or it would show nothing
});

test('whatever a server makes of a path, what an allow lets in is what it is for', () => {
  const [allow, butNot] = [
    settingsOf([{ paths: ['/public/*'] }]),
    settingsOf([{ action: 'deny', notPaths: ['/public/*'] }]),
  ];
  let open = 0;
  fc.assert(
    fc.property(target, server, (path, names) => {
      const read = readBy(names, path);
      if (read === undefined) return;
      for (const settings of [allow, butNot]) {
        if (!letsIn(settings, path)) continue;
        open++;
        assert.ok(/^\/public(?:\/|$)/.test(read), `${path} is ${read}: ${names}`);
      }
    }),
    RUNS,
  );
  assert.ok(open > 50, `${open}`); // or it would show nothing
});
