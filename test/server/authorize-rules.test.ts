import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANONYMOUS, type Principal } from '../../src/core/principal.ts';
import { PolicySet } from '../../src/policy/policy.ts';
import { judgeRequest } from '../../src/server/authorizer.ts';
import type { Asked } from '../../src/server/rules.ts';
import { NOT_FORMS } from './not-form-cases.ts';
import { type Case, deny, type Rule, SPELLINGS, type Written } from './spelling-cases.ts';

const who = (name: string, more: Partial<Principal> = {}): Principal => ({ ...ANONYMOUS, name, by: 'token', ...more });

const checkout = who('checkout', {
  issuer: 'https://id',
  claims: {
    roles: ['read', 'write'],
    level: 3,
    admin: true,
    o: {},
    scope: 'orders:read orders:write',
    motto: 'read on',
  },
});
const spiffe = who('spiffe://prod/ns/shop/sa/web', { by: 'certificate', issuer: 'prod' });

const settingsOf = (rules: readonly Rule[], more: Written = {}) =>
  new PolicySet({ defaults: { authorize: { mode: 'enforce', rules, ...more } } }).for('orders').authorize;

const allowed = (rules: readonly Rule[], asked: Partial<Asked> = {}, more: Written = {}): boolean => {
  const request = { principal: checkout, method: 'GET', path: '/orders/7', headers: {}, address: '10.1.2.3', ...asked };
  const judged = judgeRequest(settingsOf(rules, more), request, () => Promise.reject(new Error('nobody asked')));
  assert.ok(!(judged instanceof Promise));
  return judged.verdict.allowed;
};

const ADMIN = { host: 'admin.example' };

const cases: readonly Case[] = [
  // What becomes of a request that no rule speaks of.
  ['without rules all may come', [], {}, true],
  ['without rules nobody may, where otherwise is deny', [], {}, false, { otherwise: 'deny' }],
  ['a rule that says nothing speaks of all: allow', [{}], {}, true, { otherwise: 'deny' }],
  ['a rule that says nothing speaks of all: deny', [deny({})], {}, false],
  ['where something is allowed, the rest is refused', [{ principals: ['cart'] }], {}, false],
  ['what is not denied may come', [deny({ principals: ['cart'] })], {}, true],
  [
    'what is not denied may not come, where otherwise is deny',
    [deny({ principals: ['cart'] })],
    {},
    false,
    { otherwise: 'deny' },
  ],
  ['a deny beats an allow, whichever comes first', [{}, deny({})], {}, false],
  ['an audit decides nothing', [{ action: 'audit' }], {}, false, { otherwise: 'deny' }],
  ['an audit is no allow', [{ action: 'audit', principals: ['cart'] }], {}, true],
  // Who calls.
  ['a principal by its name', [{ principals: ['checkout'] }], {}, true],
  ['not by part of its name', [{ principals: ['check'] }], {}, false],
  ['not by another case', [{ principals: ['Checkout'] }], {}, false],
  ['by prefix', [{ principals: ['check*'] }], {}, true],
  ['by suffix', [{ principals: ['*out'] }], {}, true],
  ['one of many', [{ principals: ['cart', 'checkout'] }], {}, true],
  ['anybody who is proven', [{ principals: ['*'] }], {}, true],
  ['anonymous is not anybody', [{ principals: ['*'] }], { principal: ANONYMOUS }, false],
  ['anonymous is no prefix', [{ principals: ['a*'] }], { principal: ANONYMOUS }, false],
  ['nobody anonymous', [deny({ notPrincipals: ['*'] })], { principal: ANONYMOUS }, false],
  ['nobody anonymous: who is proven may', [deny({ notPrincipals: ['*'] })], {}, true],
  ['all but one', [{ notPrincipals: ['checkout'] }], {}, false],
  ['all but one: another', [{ notPrincipals: ['cart'] }], {}, true],
  ['a SPIFFE ID', [{ principals: ['spiffe://prod/ns/shop/sa/web'] }], { principal: spiffe }, true],
  ['a trust domain by prefix', [{ principals: ['spiffe://prod/*'] }], { principal: spiffe }, true],
  ['a prefix ends where it ends', [{ principals: ['spiffe://pro/*'] }], { principal: spiffe }, false],
  ['who vouches', [{ issuers: ['https://id'] }], {}, true],
  ['somebody else vouches', [{ issuers: ['https://other'] }], {}, false],
  ['all that a rule says must be so', [{ principals: ['checkout'], issuers: ['https://other'] }], {}, false],
  // A list that is empty is of nobody: it was made of something in which nobody stood.
  ['an empty list of principals is nobody', [{ principals: [] }], {}, false],
  ['an empty list of principals, denied, is nobody', [deny({ principals: [] })], {}, true],
  ['an empty list of issuers is none', [{ issuers: [] }], {}, false],
  ['an empty list of methods is none', [{ methods: [] }], {}, false],
  ['an empty list of paths is none', [{ paths: [] }], {}, false],
  ['an empty list of paths is none, also of one that is unclear', [deny({ paths: [] })], { path: '/a%2fb' }, true],
  ['an empty list of addresses is none', [{ addresses: [] }], {}, false],
  ['nor is it one that is not known', [deny({ addresses: [] })], { address: undefined }, true],
  ['all but nobody is all', [{ notPrincipals: [], notMethods: [], notPaths: [], notAddresses: [] }], {}, true],
  // Claims.
  ['a claim that is one of a list', [{ claims: { roles: 'write' } }], {}, true],
  ['a claim that is not in the list', [{ claims: { roles: 'admin' } }], {}, false],
  ['a claim that is a number', [{ claims: { level: '3' } }], {}, true],
  ['a claim that is true', [{ claims: { admin: 'true' } }], {}, true],
  ['a claim that is there', [{ claims: { level: '*' } }], {}, true],
  ['a claim that is not there', [{ claims: { team: '*' } }], {}, false],
  ['a claim that is an object is none', [{ claims: { o: '*' } }], {}, false],
  ['a claim that all objects inherit is none', [{ claims: { constructor: '*' } }], {}, false],
  ['a scope, which is a list of words (RFC 8693, 4.2)', [{ claims: { scope: 'orders:write' } }], {}, true],
  ['a scope by prefix', [{ claims: { scope: 'orders:*' } }], {}, true],
  ['a scope that is not among the words', [{ claims: { scope: 'write' } }], {}, false],
  ['all words of a scope, as they stand', [{ claims: { scope: 'orders:read orders:write' } }], {}, true],
  ['a scope, denied', [deny({ claims: { scope: 'orders:write' } })], {}, false],
  ['another claim of several words is one text', [{ claims: { motto: 'read' } }], {}, false],
  ['two claims', [{ claims: { roles: 'read', level: '3' } }], {}, true],
  ['two claims, one of which is not so', [{ claims: { roles: 'read', level: '4' } }], {}, false],
  // Methods.
  ['a method', [{ methods: ['GET', 'POST'] }], {}, true],
  ['another method', [{ methods: ['POST'] }], {}, false],
  ['an allowed GET is no HEAD', [{ methods: ['GET'] }], { method: 'HEAD' }, false],
  ['a denied GET is a denied HEAD', [deny({ methods: ['GET'] })], { method: 'HEAD' }, false],
  ['all methods but one', [{ notMethods: ['DELETE'] }], {}, true],
  ['all methods but this', [{ notMethods: ['GET'] }], {}, false],
  ['all but GET is all but HEAD', [{ notMethods: ['GET'] }], { method: 'HEAD' }, false],
  ['to deny all but GET denies HEAD', [deny({ notMethods: ['GET'] })], { method: 'HEAD' }, false],
  // Over HTTP/2 a method may come in any case, and some servers take it for the one that they know.
  ['a deny is for a method in any case', [deny({ methods: ['DELETE'] })], { method: 'delete' }, false],
  ['a denied GET is a denied HEAD in any case', [deny({ methods: ['GET'] })], { method: 'Head' }, false],
  ['all methods but one, in any case', [{ notMethods: ['DELETE'] }], { method: 'Delete' }, false],
  ['an allow is for its own case', [{ methods: ['DELETE'] }], { method: 'delete' }, false],
  // Paths.
  ['a path', [{ paths: ['/orders/7'] }], {}, true],
  ['a path without its query', [{ paths: ['/orders/7'] }], { path: '/orders/7?a=/x' }, true],
  ['a template', [{ paths: ['/orders/{id}'] }], {}, true],
  ['a template is one segment', [{ paths: ['/orders/{id}'] }], { path: '/orders/7/lines' }, false],
  ['a template is not nothing', [{ paths: ['/orders/{id}'] }], { path: '/orders/' }, false],
  ['the rest', [{ paths: ['/orders/{rest*}'] }], { path: '/orders/7/lines' }, true],
  ['a prefix', [{ paths: ['/orders/*'] }], { path: '/orders/7/lines' }, true],
  ['a prefix is no neighbour', [{ paths: ['/orders/*'] }], { path: '/orders2/7' }, false],
  ['a suffix', [{ paths: ['*.json'] }], { path: '/a/b.json' }, true],
  ['signs are signs', [{ paths: ['/a.b(c)+'] }], { path: '/a.b(c)+' }, true],
  ['signs are no pattern', [{ paths: ['/a.b'] }], { path: '/aXb' }, false],
  ['all paths but one', [{ notPaths: ['/admin/*'] }], {}, true],
  ['all paths but this', [{ notPaths: ['/orders/*'] }], {}, false],
  ...SPELLINGS,
  // Headers and addresses.
  ['a header', [{ headers: { 'x-env': 'prod' } }], { headers: { 'x-env': 'prod' } }, true],
  ['a header by prefix', [{ headers: { 'x-env': 'pr*' } }], { headers: { 'x-env': 'prod' } }, true],
  ['a header that is there', [{ headers: { 'X-Env': '*' } }], { headers: { 'x-env': 'any' } }, true],
  ['a header that is not there', [{ headers: { 'x-env': '*' } }], {}, false],
  ['a header that comes twice is none', [{ headers: { 'x-env': '*' } }], { headers: { 'x-env': ['a', 'b'] } }, false],
  [
    'a deny of a header is for it when it comes twice',
    [deny({ headers: { 'x-env': 'dev' } })],
    { headers: { 'x-env': 'prod, dev' } },
    false,
  ],
  [
    'a deny of a header is for another value no more',
    [deny({ headers: { 'x-env': 'dev' } })],
    { headers: { 'x-env': 'prod, test' } },
    true,
  ],
  [
    'an allow of a header is not for it when it comes twice',
    [{ headers: { 'x-env': 'dev' } }],
    { headers: { 'x-env': 'prod, dev' } },
    false,
  ],
  [
    'a deny of a header that is there is for one that is empty',
    [deny({ headers: { 'x-env': '*' } })],
    { headers: { 'x-env': '' } },
    false,
  ],
  [
    'an allow of a header that is there is not for one that is empty',
    [{ headers: { 'x-env': '*' } }],
    { headers: { 'x-env': '' } },
    false,
  ],
  ['a deny of a header is for nobody who does not send it', [deny({ headers: { 'x-env': '*' } })], {}, true],
  // HTTP/2 says the host as `:authority`, and may say both; a host is one in any case, with any port.
  ['a host over HTTP/2', [{ headers: { host: 'shop.example' } }], { headers: { ':authority': 'shop.example' } }, true],
  [
    'a host that is denied, over HTTP/2',
    [deny({ headers: ADMIN })],
    { headers: { ':authority': 'admin.example' } },
    false,
  ],
  ['a host that is denied, in capitals', [deny({ headers: ADMIN })], { headers: { host: 'Admin.Example' } }, false],
  ['a host that is denied, with a port', [deny({ headers: ADMIN })], { headers: { host: 'admin.example:80' } }, false],
  ['a host that is denied, with a dot', [deny({ headers: ADMIN })], { headers: { host: 'admin.example.' } }, false],
  [
    'a host that is denied, beside another',
    [deny({ headers: ADMIN })],
    { headers: { host: 'admin.example', ':authority': 'shop.example' } },
    false,
  ],
  [
    'a host that is allowed, beside another',
    [{ headers: { host: 'shop.example' } }],
    { headers: { host: 'shop.example', ':authority': 'admin.example' } },
    false,
  ],
  [
    'a host that is allowed, in capitals',
    [{ headers: { host: 'shop.example' } }],
    { headers: { host: 'SHOP.example' } },
    false,
  ],
  ['no host', [{ headers: { host: '*' } }], {}, false],
  [
    'a header names nobody',
    [{ principals: ['admin'] }],
    {
      principal: ANONYMOUS,
      headers: { 'x-forwarded-client-cert': 'URI=spiffe://prod/admin', 'x-user': 'admin', 'client-cert': ':AAAA:' },
    },
    false,
  ],
  [
    'a header is no address',
    [{ addresses: ['127.0.0.0/8'] }],
    { headers: { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' } },
    false,
  ],
  [
    'a header is no method',
    [{ methods: ['GET'] }],
    { method: 'DELETE', headers: { 'x-http-method-override': 'GET' } },
    false,
  ],
  [
    'a header is no path',
    [{ paths: ['/public'] }],
    { path: '/admin', headers: { 'x-original-url': '/public', 'x-rewrite-url': '/public' } },
    false,
  ],
  // What is not there: a not-form is for it, as Envoy and Istio have it.
  ['all but one is for who is nobody', [{ notPrincipals: ['cart'] }], { principal: ANONYMOUS }, true],
  ['all but one, denied, is for who is nobody', [deny({ notPrincipals: ['ops'] })], { principal: ANONYMOUS }, false],
  ['who is proven and none of some', [{ principals: ['*'], notPrincipals: ['cart'] }], { principal: ANONYMOUS }, false],
  ['nobody vouches for who is nobody', [{ issuers: ['*'] }], { principal: ANONYMOUS }, false],
  ['a claim of who has none', [{ claims: { roles: '*' } }], { principal: ANONYMOUS }, false],
  ['a deny by a claim is for nobody who has none', [deny({ claims: { roles: '*' } })], { principal: ANONYMOUS }, true],
  [
    'all addresses but some, denied, is for one that is not known',
    [deny({ notAddresses: ['10.0.0.0/8'] })],
    { address: undefined },
    false,
  ],
  ['a method that nobody knows is none of those', [{ methods: ['GET'] }], { method: 'get' }, false],
  ['a method that nobody knows is not one of the others', [deny({ notMethods: ['GET'] })], { method: 'get' }, false],
  ['an address in a range', [{ addresses: ['10.0.0.0/8'] }], {}, true],
  ['an address outside', [{ addresses: ['10.2.0.0/16'] }], {}, false],
  [
    'an address as a socket of both families says it',
    [{ addresses: ['10.0.0.0/8'] }],
    { address: '::ffff:10.1.2.3' },
    true,
  ],
  ['a range as such a socket would say it', [deny({ addresses: ['::ffff:10.0.0.0/104'] })], {}, false],
  ['an address of the sixth version', [{ addresses: ['fd00::/8'] }], { address: 'fd12::1' }, true],
  ['an address of an interface', [{ addresses: ['fe80::/10'] }], { address: 'fe80::1%eth0' }, true],
  ['an address that is not known is in no range', [{ addresses: ['0.0.0.0/0'] }], { address: undefined }, false],
  ['nor outside one', [{ notAddresses: ['10.0.0.0/8'] }], { address: undefined }, false],
  ['all addresses but a range', [{ notAddresses: ['10.0.0.0/8'] }], {}, false],
  ['all addresses but another range', [{ notAddresses: ['192.168.0.0/16'] }], {}, true],
  ...NOT_FORMS,
];

for (const [what, rules, asked, expected, more] of cases) {
  test(`${expected ? 'let in' : 'refused'}: ${what}`, () => assert.equal(allowed(rules, asked, more), expected));
}

test('the table is no smaller than it was', () => assert.ok(cases.length >= 60, `${cases.length}`));
