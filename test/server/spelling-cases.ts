import type { PolicySections } from '../../src/policy/table.ts';
import type { Asked } from '../../src/server/rules.ts';

export type Written = NonNullable<PolicySections['authorize']>;
export type Rule = NonNullable<Written['rules']>[number];

/** Rules, a request, and whether it is let in. */
export type Case = readonly [
  what: string,
  rules: readonly Rule[],
  asked: Partial<Asked>,
  allowed: boolean,
  more?: Written,
];

export const deny = (rule: Rule): Rule => ({ ...rule, action: 'deny' });

/** Paths that are written in other ways than those of the rules. */
export const SPELLINGS: readonly Case[] = [
  // Spelling talks nobody in, and nobody round.
  ['an allow is not for another case', [{ paths: ['/orders/7'] }], { path: '/Orders/7' }, false],
  ['a deny is for every case', [deny({ paths: ['/admin'] })], { path: '/ADMIN' }, false],
  ['a deny is for an ending slash', [deny({ paths: ['/admin'] })], { path: '/admin/' }, false],
  ['a deny of a folder is for its name', [deny({ paths: ['/admin/*'] })], { path: '/admin' }, false],
  ['a deny of a folder is for no neighbour', [deny({ paths: ['/admin/*'] })], { path: '/administration' }, true],
  ['double slashes', [deny({ paths: ['/admin'] })], { path: '//admin' }, false],
  ['dots', [deny({ paths: ['/admin'] })], { path: '/public/../admin' }, false],
  ['escaped dots', [deny({ paths: ['/admin'] })], { path: '/public/%2e%2e/admin' }, false],
  ['escaped letters', [deny({ paths: ['/admin'] })], { path: '/%61dmin' }, false],
  ['dots do not talk into a folder', [{ paths: ['/public/*'] }], { path: '/public/../admin' }, false],
  [
    'an escaped slash is unclear: an allow is not for it',
    [{ paths: ['/public/*'] }],
    { path: '/public/..%2fadmin' },
    false,
  ],
  ['an escaped slash is unclear: a deny is for it', [deny({ paths: ['/admin'] })], { path: '/a%2f..%2fadmin' }, false],
  ['a backslash is unclear', [deny({ paths: ['/admin'] })], { path: '/x\\..\\admin' }, false],
  ['parameters are unclear', [deny({ paths: ['/admin'] })], { path: '/admin;a=b' }, false],
  ['an unclear path is not one of the others', [{ notPaths: ['/admin'] }], { path: '/admin;a=b' }, false],
  ['all but a path, spelt otherwise', [{ notPaths: ['/admin'] }], { path: '/Admin/' }, false],
  [
    'to deny all but a path denies other spellings of it',
    [deny({ notPaths: ['/public'] })],
    { path: '/Public' },
    false,
  ],
  // A server may take the path as it stands, whatever it resolves to: an allow must be for each reading, a deny for any.
  ['an allow by way of dots', [{ paths: ['/public'] }], { path: '/admin/../public' }, false],
  ['an allow by way of escaped dots', [{ paths: ['/public'] }], { path: '/admin/%2e%2e/public' }, false],
  ['an allow by way of slashes', [{ paths: ['/public'] }], { path: '//public' }, false],
  ['an allow by way of escaped letters', [{ paths: ['/public'] }], { path: '/%70ublic' }, false],
  ['an allow of all that it may be', [{ paths: ['/orders/*'] }], { path: '/orders//x/../7' }, true],
  ['an allow of a template, whose value is escaped', [{ paths: ['/users/{id}'] }], { path: '/users/a%40b%20c' }, true],
  ['a deny of where the dots begin', [deny({ paths: ['/admin/*'] })], { path: '/admin/../public' }, false],
  ['a deny of where escaped dots begin', [deny({ paths: ['/admin/*'] })], { path: '/admin/%2e%2e/public' }, false],
  ['dots behind two slashes', [deny({ paths: ['/public/*'] })], { path: '/public//../admin' }, false],
  ['dots behind two slashes, merged', [deny({ paths: ['/admin'] })], { path: '/public//../admin' }, false],
  ['what two slashes make a host of', [deny({ paths: ['/admin/*'] })], { path: '//host/admin/x' }, false],
  ['a host that is allowed', [{ paths: ['/public/*'] }], { path: '//public/admin' }, false],
  ['a dot', [deny({ paths: ['/admin/x'] })], { path: '/admin/./x' }, false],
  ['a path that ends in dots', [deny({ paths: ['/admin/{x}'] })], { path: '/admin/..' }, false],
  [
    'to deny all but a path denies what only resolves to it',
    [deny({ notPaths: ['/public'] })],
    { path: '/a/../public' },
    false,
  ],
  ['all but a path that it may be', [{ notPaths: ['/admin/*'] }], { path: '/admin/../public' }, false],
  ['escaped twice', [deny({ paths: ['/admin'] })], { path: '/%2561dmin' }, false],
  ['an escaped backslash', [deny({ paths: ['/admin'] })], { path: '/x%5c..%5cadmin' }, false],
  ['an escaped end of a text', [deny({ paths: ['/admin'] })], { path: '/admin%00.png' }, false],
  ['an escaped line', [deny({ paths: ['/admin/*'] })], { path: '/admin/%0Ax' }, false],
  ['an escaped line of Unicode', [deny({ paths: ['/admin/*'] })], { path: '/admin/%E2%80%A8x' }, false],
  ['a fragment, which no client sends', [deny({ paths: ['/admin'] })], { path: '/admin#x' }, false],
  ['a fragment is for no allow', [{ paths: ['/public'] }], { path: '/public#/../admin' }, false],
  ['an absolute target', [deny({ paths: ['/admin'] })], { path: 'http://orders/admin' }, false],
  ['an absolute target is for no allow', [{ paths: ['/orders/*'] }], { path: 'http://orders/orders/7' }, false],
  ['an ending dot, which Windows leaves out', [deny({ paths: ['/admin'] })], { path: '/admin.' }, false],
  ['an ending blank', [deny({ paths: ['/admin/*'] })], { path: '/admin%20/x' }, false],
  ['a letter beyond ASCII', [deny({ paths: ['/caf\u00e9/*'] })], { path: '/caf%C3%A9/x' }, false],
  ['the same in small hexadecimal', [deny({ paths: ['/caf\u00e9/*'] })], { path: '/caf%c3%a9/x' }, false],
  ['the same in two signs', [deny({ paths: ['/caf\u00e9/*'] })], { path: '/cafe%CC%81/x' }, false],
  [
    'the same as it is, which no client sends',
    [deny({ paths: ['/caf\u00e9/*'] })],
    { path: '/caf\u00c3\u00a9/x' },
    false,
  ],
  ['the same in Latin-1', [deny({ paths: ['/caf\u00e9/*'] })], { path: '/caf%E9/x' }, false],
  ['letters that look like others', [deny({ paths: ['/admin'] })], { path: '/%EF%BD%81dmin' }, false],
  ['a sign that looks like a slash', [deny({ paths: ['/admin'] })], { path: '/%EF%BC%8Fadmin' }, false],
  ['one that looks like two dots', [deny({ paths: ['/admin'] })], { path: '/x/%E2%80%A5/admin' }, false],
  ['one that looks like a backslash', [deny({ paths: ['/admin'] })], { path: '/x%EF%BC%BC../admin' }, false],
  ['signs that look like a way up, and are allowed', [{ paths: ['/wiki/*'] }], { path: '/wiki/%E2%80%A5/x' }, false],
  ['a text with such a sign is no way', [{ paths: ['/wiki/*'] }], { path: '/wiki/so%E2%80%A6' }, true],
  ['a sign that another case of is a letter', [deny({ paths: ['/kiosk'] })], { path: '/%E2%84%AAiosk' }, false],
  ['overlong UTF-8', [deny({ paths: ['/a/admin'] })], { path: '/a%c0%afadmin' }, false],
  ['an allow of a letter beyond ASCII', [{ paths: ['/caf\u00e9'] }], { path: '/caf%C3%A9' }, true],
  ['an allow that is written escaped', [{ paths: ['/caf%C3%A9'] }], { path: '/caf%c3%a9' }, true],
  ['an allow is for no letters that look alike', [{ paths: ['/public'] }], { path: '/%EF%BD%90ublic' }, false],
  ['a sign that may be escaped', [deny({ paths: ['/a:b'] })], { path: '/a%3ab' }, false],
];
