import { ANONYMOUS, type Principal } from '../../src/core/principal.ts';
import { type Case, deny, type Rule } from './spelling-cases.ts';

const asks = (rule: Rule): Rule => ({ ...rule, action: 'audit' });

const saying = (claims: Principal['claims']) => ({
  principal: { ...ANONYMOUS, name: 'cart', by: 'token', claims } as const,
});
const sending = (value: string | readonly string[]) => ({ headers: { 'x-env': value } });
const nobody = { principal: ANONYMOUS };

const NOT_DEV = { notHeaders: { 'x-env': 'dev' } };
const NOT_PROD = { notHeaders: { 'x-env': ['prod', 'test*'] } };
const NOT_SHOP = { notHeaders: { host: 'shop.example' } };
const NOT_GUEST = { notClaims: { role: 'guest' } };
const NOT_SITE = { notClaims: { role: ['Site Admin', 'x;y'] } };
const NOT_OPS = { notClaims: { role: ['ops', 'sre-*'] } };

/** What rules say that speak of headers and claims which are not there, or are others. */
export const NOT_FORMS: readonly Case[] = [
  // An allow is for who has it, and another: nobody is let in by leaving something out, nor by a name that is wrong.
  ['all but a header: another', [NOT_DEV], sending('prod'), true],
  ['all but a header: this', [NOT_DEV], sending('dev'), false],
  ['all but a header: its name in any case', [{ notHeaders: { 'X-Env': 'dev' } }], sending('dev'), false],
  ['all but a header: a value has its case', [NOT_DEV], sending('Dev'), true],
  ['all but a header: who does not send it', [NOT_DEV], {}, false],
  ['all but a header: one that is empty', [NOT_DEV], sending(''), false],
  ['all but a header: one that is empty, and again', [NOT_DEV], sending(' , '), false],
  ['all but a header: none of several', [NOT_PROD], sending('dev'), true],
  ['all but a header: one of several', [NOT_PROD], sending('test-7'), false],
  ['all but a header: when it comes twice', [NOT_DEV], sending('prod, dev'), false],
  ['all but a header: when it comes twice, and others', [NOT_DEV], sending('prod, test'), true],
  ['all but a header: as fetch has them', [NOT_DEV], { headers: new Headers({ 'X-Env': 'prod' }) }, true],
  ['all but a header: as fetch has them, this', [NOT_DEV], { headers: new Headers({ 'X-Env': 'dev' }) }, false],
  ['all but a header: twice, as a list', [NOT_DEV], sending(['prod', 'test']), false],
  ['all but no header is who sends it', [{ notHeaders: { 'x-env': [] } }], sending('dev'), true],
  ['all but no header is nobody who does not', [{ notHeaders: { 'x-env': [] } }], {}, false],
  [
    'all but two headers',
    [{ notHeaders: { 'x-env': 'dev', host: 'b' } }],
    { headers: { 'x-env': 'a', host: 'a' } },
    true,
  ],
  [
    'all but two headers, one of which is so',
    [{ notHeaders: { 'x-env': 'dev', host: 'b' } }],
    { headers: { 'x-env': 'dev', host: 'a' } },
    false,
  ],
  ['a header that is one thing and not another', [{ headers: { 'x-env': 't*' }, ...NOT_PROD }], sending('t1'), true],
  ['a header that is one thing, and the other', [{ headers: { 'x-env': 't*' }, ...NOT_PROD }], sending('test'), false],
  ['all but a host', [NOT_SHOP], { headers: { host: 'admin.example' } }, true],
  ['all but a host, in capitals', [NOT_SHOP], { headers: { host: 'SHOP.example' } }, false],
  ['all but a host, with a port', [NOT_SHOP], { headers: { host: 'shop.example:80' } }, false],
  ['all but a host, over HTTP/2', [NOT_SHOP], { headers: { ':authority': 'shop.example' } }, false],
  [
    'all but a host, beside another',
    [NOT_SHOP],
    { headers: { host: 'admin.example', ':authority': 'shop.example' } },
    false,
  ],
  ['all but a host: no host', [NOT_SHOP], {}, false],
  // What refuses is for who does not send it, too.
  ['to deny all but a header: this', [deny(NOT_PROD)], sending('prod'), true],
  ['to deny all but a header: one by prefix', [deny(NOT_PROD)], sending('test-7'), true],
  ['to deny all but a header: another', [deny(NOT_PROD)], sending('dev'), false],
  ['to deny all but a header: who does not send it', [deny(NOT_PROD)], {}, false],
  ['to deny all but a header: one that is empty', [deny(NOT_PROD)], sending(''), false],
  ['to deny all but a header: this, and another', [deny(NOT_PROD)], sending('prod, dev'), false],
  ['to deny all but a header: a prefix, and another', [deny(NOT_PROD)], sending('test-7, dev'), false],
  ['to deny all but a header: two of one prefix', [deny(NOT_PROD)], sending('test-7, test-8'), true],
  ['to deny all but a header: twice, as a list', [deny(NOT_PROD)], sending(['prod', 'prod']), false],
  ['to deny who does not send a header', [deny({ notHeaders: { 'x-env': '*' } })], {}, false],
  ['to deny who does not send a header: who does', [deny({ notHeaders: { 'x-env': '*' } })], sending('a, b'), true],
  ['to deny who does not send a header: empty', [deny({ notHeaders: { 'x-env': '*' } })], sending(' '), false],
  ['to deny all but no header is all', [deny({ notHeaders: { 'x-env': [] } })], sending('dev'), false],
  ['to deny all but a host', [deny(NOT_SHOP)], { headers: { host: 'shop.example' } }, true],
  ['to deny all but a host: another', [deny(NOT_SHOP)], { headers: { host: 'admin.example' } }, false],
  ['to deny all but a host: no host', [deny(NOT_SHOP)], {}, false],
  [
    'to deny all but a host: another beside it',
    [deny(NOT_SHOP)],
    { headers: { host: 'shop.example', ':authority': 'admin.example' } },
    false,
  ],
  [
    'to deny all but a header that a list bears with its comma',
    [deny({ notHeaders: { 'x-env': 'a, b' } })],
    sending('a, b'),
    true,
  ],
  // Claims: who is anonymous, or shows a certificate, has none.
  ['all but a claim: another', [NOT_GUEST], saying({ role: 'ops' }), true],
  ['all but a claim: this', [NOT_GUEST], saying({ role: 'guest' }), false],
  ['all but a claim: who has none', [NOT_GUEST], nobody, false],
  ['all but a claim: a token without it', [NOT_GUEST], saying({ team: 'shop' }), false],
  ['all but a claim: one that is empty', [NOT_GUEST], saying({ role: '' }), false],
  ['all but a claim: an empty list', [NOT_GUEST], saying({ role: [] }), false],
  ['all but a claim: nothing', [NOT_GUEST], saying({ role: null }), false],
  ['all but a claim: an object', [NOT_GUEST], saying({ role: { is: 'guest' } }), false],
  ['all but a claim: a list with an object', [NOT_GUEST], saying({ role: ['ops', { is: 'guest' }] }), false],
  ['all but a claim: a list without it', [NOT_GUEST], saying({ role: ['ops', 'dev'] }), true],
  ['all but a claim: a list with it', [NOT_GUEST], saying({ role: ['ops', 'guest'] }), false],
  ['all but a claim: a list in one text', [NOT_GUEST], saying({ role: 'ops guest' }), false],
  ['all but a claim: a list in one text, with commas', [NOT_GUEST], saying({ role: 'ops,guest' }), false],
  ['all but a claim: a list in one text, of names with spaces', [NOT_SITE], saying({ role: 'Site Admin, ops' }), false],
  ['all but a claim: a list in one text, of other names', [NOT_SITE], saying({ role: 'Site Reader, ops' }), true],
  ['all but a claim: a list in one text, of one with a mark', [NOT_SITE], saying({ role: 'x;y,ops' }), false],
  ['all but a claim: a list in one text, with other marks', [NOT_GUEST], saying({ role: 'ops;guest' }), false],
  ['all but a claim: a list in one text, as JSON', [NOT_GUEST], saying({ role: '["ops", "guest"]' }), false],
  ['all but a claim: a number', [{ notClaims: { level: '3' } }], saying({ level: 3 }), false],
  ['all but a claim: another number', [{ notClaims: { level: '3' } }], saying({ level: 4 }), true],
  ['all but a claim: false', [{ notClaims: { admin: 'false' } }], saying({ admin: false }), false],
  ['all but a claim: one that all objects inherit', [{ notClaims: { constructor: 'x' } }], saying({}), false],
  ['all but a scope', [{ notClaims: { scope: 'orders:write' } }], saying({ scope: 'orders:read' }), true],
  [
    'all but a scope: it is among the words',
    [{ notClaims: { scope: 'orders:w*' } }],
    saying({ scope: 'a orders:write' }),
    false,
  ],
  ['all but two claims', [{ notClaims: { role: 'guest', team: 'x' } }], saying({ role: 'ops', team: 'shop' }), true],
  [
    'all but two claims, one of which is so',
    [{ notClaims: { role: 'guest', team: 'x' } }],
    saying({ role: 'ops', team: 'x' }),
    false,
  ],
  [
    'all but two claims, one of which is not there',
    [{ notClaims: { role: 'guest', team: 'x' } }],
    saying({ role: 'ops' }),
    false,
  ],
  ['to deny all but a claim: this', [deny(NOT_OPS)], saying({ role: 'ops' }), true],
  ['to deny all but a claim: one by prefix', [deny(NOT_OPS)], saying({ role: 'sre-eu' }), true],
  ['to deny all but a claim: another', [deny(NOT_OPS)], saying({ role: 'guest' }), false],
  ['to deny all but a claim: who has none', [deny(NOT_OPS)], nobody, false],
  ['to deny all but a claim: a token without it', [deny(NOT_OPS)], saying({}), false],
  ['to deny all but a claim: a list with it', [deny(NOT_OPS)], saying({ role: ['dev', 'ops'] }), true],
  ['to deny all but a claim: a list in one text', [deny(NOT_OPS)], saying({ role: 'dev ops' }), false],
  [
    'to deny all but a scope',
    [deny({ notClaims: { scope: 'orders:write' } })],
    saying({ scope: 'a orders:write' }),
    true,
  ],
  ['to deny all but a scope: another', [deny({ notClaims: { scope: 'orders:write' } })], saying({ scope: 'a' }), false],
  ['to deny who lacks a claim', [deny({ notClaims: { role: '*' } })], nobody, false],
  ['to deny who lacks a claim: who has it', [deny({ notClaims: { role: '*' } })], saying({ role: 'dev' }), true],
  ['to deny all but no claim is all', [deny({ notClaims: { role: [] } })], saying({ role: 'dev' }), false],
  // Beside what else a rule says.
  ['nothing that must not be', [{ notHeaders: {}, notClaims: {} }], nobody, true],
  ['nothing that must not be, denied', [deny({ notHeaders: {}, notClaims: {} })], nobody, false],
  ['of one path alone', [deny({ paths: ['/admin/*'], ...NOT_OPS })], nobody, true],
  ['an audit is no allow, whatever it says', [asks(NOT_OPS)], nobody, true],
];
