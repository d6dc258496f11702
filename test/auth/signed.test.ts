import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { digestOf } from '../../src/auth/digest.ts';
import { readSignatureInput } from '../../src/auth/signature-input.ts';
import { SignedRequests } from '../../src/auth/signed.ts';
import type { Unsigned } from '../../src/core/identity.ts';
import type { TestEnv } from '../../src/testing/env.ts';
import { anIdentified, ask } from './world.ts';

const SECRET = 'a secret of checkout and orders, long enough';
const OTHER = 'another secret of theirs, which is the next one';
const GET: Unsigned = { service: 'orders', method: 'GET', path: '/orders/7?x=1', digest: undefined };

/** Node's own request, as far as anybody looks. */
function incoming(headers: Record<string, string>): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  Object.assign(message.headers, headers);
  return message;
}

const signer = (env: TestEnv, secrets: Record<string, string | string[]> = { orders: SECRET }) =>
  new SignedRequests(env, 'checkout', secrets);

/** Asks `orders` with these headers: who it is taken for, or why it is nobody. */
async function world(secrets: Record<string, string | string[]> = { checkout: SECRET }) {
  const { mesh, env, told } = await anIdentified({ secrets });
  const send = async (
    headers: Record<string, string>,
    more: Record<string, string> = {},
    method = 'GET',
    path = '/orders/7?x=1',
  ) => {
    const all = { ...headers, ...more };
    const { principal } = await ask(mesh, all, { incoming: incoming(all), method, path });
    const { problem, enforced } = told('identify').at(-1)!;
    assert.equal(enforced, principal === undefined);
    return principal === undefined ? problem : `${principal.by} ${principal.name}`;
  };
  return { send, env, close: () => mesh.close() };
}

/** Headers that are signed by hand, over what is said. */
function byHand(raw: string, lines: readonly string[], secret = SECRET, label = 'sig1'): Record<string, string> {
  const base = [...lines, `"@signature-params": ${raw}`].join('\n');
  const signature = createHmac('sha256', secret).update(base).digest('base64');
  return { 'signature-input': `${label}=${raw}`, signature: `${label}=:${signature}:` };
}

test('a signed request proves who calls', async () => {
  const { send, env, close } = await world();
  const headers = signer(env).sign(GET);
  assert.match(
    headers['signature-input']!,
    /^inmesh=\("@method" "@path" "@query"\);created=\d+;keyid="checkout";alg="hmac-sha256";nonce="[0-9a-f]{32}";tag="orders"$/,
  );
  assert.equal(await send(headers), 'signature checkout');
  await close();
});

test('what others sign by RFC 9421 is understood: other labels, orders, and more components', async () => {
  const { send, env, close } = await world();
  const created = Math.floor(env.clock.epoch() / 1_000);
  const raw = `("@query" "x-more" "@path" "@method");tag="orders";nonce="0123456789abcdef";keyid="checkout";created=${created};expires=${created + 9}`;
  const lines = ['"@query": ?x=1', '"x-more": a  b', '"@path": /orders/7', '"@method": GET'];
  assert.equal(await send(byHand(raw, lines), { 'x-more': ' a  b ' }), 'signature checkout');
  await close();
});

test('parameters of any kind are understood, and what must be text or a number is nothing else', async () => {
  const { send, env, close } = await world();
  const created = Math.floor(env.clock.epoch() / 1_000);
  const lines = ['"@method": GET', '"@path": /orders/7', '"@query": ?x=1'];
  let used = 0;
  const go = (more: string, said = `keyid="checkout";tag="orders";created=${created}`) => {
    const nonce = `nonce="0123456789abcde${used++}"`;
    return send(byHand(`("@method" "@path" "@query");${said};${nonce}${more}`, lines));
  };
  for (const more of [
    ';fresh',
    ';fresh=?0',
    ';kind=app/x',
    ';part=1.25',
    ';at=-3',
    ';key=:AAAA:',
    ';note="a, b; \\"c\\""',
  ])
    assert.equal(await go(more), 'signature checkout', more);
  assert.equal(await go('', `keyid="checkout";tag="orders";created=${created}.0`), 'it is not of this moment');
  assert.equal(await go('', `keyid="checkout";tag=orders;created=${created}`), 'it is for another service');
  assert.equal(
    await go('', `keyid=checkout;tag="orders";created=${created}`),
    'no secret is shared with who has signed it',
  );
  assert.equal(await go(';alg=hmac-sha256'), 'its algorithm is another');
  assert.equal(await go(';expires=?1'), 'it has expired');
  await close();
});

test('beside ours there may be signatures of others, such as those that proxies add', async () => {
  const { send, env, close } = await world();
  const proxy = `proxy_sig=("@method" "signature";key="inmesh" "forwarded");created=1618884480;keyid="test-key-rsa";alg="rsa-v1_5-sha256"`;
  const beside = (input: string, signature: string, last = false) => {
    const { 'signature-input': described, signature: sealed } = signer(env).sign(GET);
    const both = (ours: string, theirs: string): string => (last ? `${theirs},${ours}` : `${ours}, ${theirs}`);
    return send({ 'signature-input': both(described!, input), signature: both(sealed!, signature) });
  };
  assert.equal(await beside(proxy, 'proxy_sig=:AAAA:'), 'signature checkout');
  assert.equal(await beside(proxy, 'proxy_sig=:AAAA:', true), 'signature checkout');
  assert.equal(await beside('a=();tag="web-bot-auth"', 'a=:AAAA:, b=?1'), 'signature checkout');
  assert.equal(await beside('a=();tag="orders"', 'a=:AAAA:'), 'it has several signatures for us');
  assert.match(await beside('inmesh=();tag="other"', 'a=:AAAA:'), /describes one signature twice/);
  assert.match(await beside('a=();tag="other"', 'inmesh=:AAAA:'), /signature can not be read/);
  for (const odd of ['a', 'a=1', 'a=(x)', 'a=("x"', 'a=();', 'a=(),', 'A=()', 'a=("x"  "y")'])
    assert.match(await beside(odd, 'a=:AAAA:'), /signature-input can not be read/, odd);
  assert.match(await send({ 'signature-input': proxy, signature: 'proxy_sig=:AAAA:' }), /can not be read/);
  await close();
});

test('a request is good once', async () => {
  const { send, env, close } = await world();
  const headers = signer(env).sign(GET);
  await send(headers);
  assert.equal(await send(headers), 'it has been used before');
  await env.clock.advance(29_000);
  assert.equal(await send(headers), 'it has been used before');
  await env.clock.advance(2_000);
  assert.equal(await send(headers), 'it is not of this moment');
  assert.equal(await send(signer(env).sign(GET)), 'signature checkout');
  await close();
});

test('what was signed can not be sent as something else', async () => {
  const { send, env, close } = await world();
  const sign = () => signer(env).sign(GET);
  assert.equal(await send(sign(), {}, 'DELETE'), 'its signature is not good');
  assert.equal(await send(sign(), {}, 'GET', '/orders/8?x=1'), 'its signature is not good');
  assert.equal(await send(sign(), {}, 'GET', '/orders/7?x=2'), 'its signature is not good');
  assert.equal(await send(sign(), {}, 'GET', '/orders/7'), 'its signature is not good');
  assert.equal(await send(sign(), { 'content-length': '3' }, 'GET'), 'its body is not signed');
  assert.equal(await send(sign(), { 'transfer-encoding': 'chunked' }), 'its body is not signed');
  for (const [from, to] of [
    ['keyid="checkout"', 'keyid="admin"'],
    [/nonce="./, 'nonce="x'],
    [/created=\d+/, `created=${Math.floor(env.clock.epoch() / 1_000) + 1}`],
  ] as const) {
    const headers = sign();
    const changed = headers['signature-input']!.replace(from, to);
    assert.match(await send({ ...headers, 'signature-input': changed }), /signature is not good|no secret is shared/);
  }
  await close();
});

test('a body that was read before anybody could look at it is not believed to be the one that was signed', async () => {
  const { mesh, env, told } = await anIdentified({ secrets: { checkout: SECRET } });
  const come = async (arrived: (message: IncomingMessage) => void): Promise<string> => {
    const digest = digestOf('one');
    const signed = signer(env).sign({ ...GET, method: 'POST', digest });
    const headers = { ...signed, 'content-digest': digest, 'content-length': '3' };
    const message = incoming(headers);
    arrived(message);
    const { principal } = await ask(mesh, headers, { incoming: message, method: 'POST' });
    return principal?.name ?? told('identify').at(-1)!.problem;
  };
  assert.equal(await come(() => {}), 'checkout');
  const early = 'its body was there before it could be looked at';
  assert.equal(await come((message) => void message.push('six')), early); // a part of it
  const whole = (message: IncomingMessage): void => {
    message.complete = true; // and taken out of it by somebody
  };
  assert.equal(await come(whole), early);
  await mesh.close();
});

test('a signature for one service is none for another, and neither is that of an answer the other way', async () => {
  const { send, env, close } = await world({ checkout: SECRET, orders: SECRET });
  const toPayments = new SignedRequests(env, 'checkout', { payments: SECRET }).sign({ ...GET, service: 'payments' });
  assert.equal(await send(toPayments), 'it is for another service');
  const back = new SignedRequests(env, 'orders', { checkout: SECRET }).sign({ ...GET, service: 'checkout' });
  assert.equal(await send(back), 'it is for another service');
  await close();
});

test('secrets are replaced without anybody being refused: all of a list are believed, and the first signs', async () => {
  const { send, env, close } = await world({ checkout: [OTHER, SECRET] });
  assert.equal(await send(signer(env).sign(GET)), 'signature checkout');
  assert.equal(await send(signer(env, { orders: [OTHER, SECRET] }).sign(GET)), 'signature checkout');
  assert.equal(
    await send(signer(env, { orders: 'a third secret that nobody has been told of' }).sign(GET)),
    'its signature is not good',
  );
  await close();
});

test('what does not sign enough, or says too little, is refused', async () => {
  const { send, env, close } = await world();
  const created = Math.floor(env.clock.epoch() / 1_000);
  const usual = { created, keyid: '"checkout"', nonce: '"0123456789abcdef"', tag: '"orders"' };
  const lines: Record<string, string> = { '@method': 'GET', '@path': '/orders/7', '@query': '?x=1', '@authority': 'x' };
  const go = (parameters: Record<string, unknown>, components = ['@method', '@path', '@query']) => {
    const said = Object.entries({ ...usual, ...parameters }).filter(([, value]) => value !== undefined);
    const raw = `(${components.map((name) => `"${name}"`).join(' ')});${said.map(([name, value]) => `${name}=${value}`).join(';')}`;
    return send(
      byHand(
        raw,
        components.map((name) => `"${name}": ${lines[name] ?? ''}`),
      ),
    );
  };
  assert.equal(await go({}), 'signature checkout');
  assert.match(await go({ nonce: '"1123456789abcdef"' }, ['@method', '@path']), /does not sign method, path and query/);
  assert.match(await go({}, []), /does not sign method/);
  assert.match(await go({}, ['@method', '@path', '@query', '@authority']), /signs what is not there/);
  assert.match(await go({}, ['@method', '@path', '@query', 'x-none']), /signs what is not there/);
  assert.match(await go({}, ['@method', '@path', '@query', '@path']), /names a component twice/);
  assert.match(await go({ alg: '"hmac-sha1"' }), /its algorithm is another/);
  assert.match(await go({ alg: '"none"' }), /its algorithm is another/);
  assert.match(await go({ tag: undefined }), /for another service/);
  assert.match(await go({ created: undefined }), /not of this moment/);
  assert.match(await go({ created: created - 31 }), /not of this moment/);
  assert.match(await go({ created: created + 31 }), /not of this moment/);
  assert.match(await go({ created: `"${created}"` }), /not of this moment/);
  assert.match(await go({ expires: created - 1 }), /has expired/);
  assert.match(await go({ nonce: undefined }), /nonce/);
  assert.match(await go({ nonce: '"short"' }), /nonce/);
  assert.match(await go({ nonce: `"${'x'.repeat(65)}"` }), /nonce/);
  assert.match(await go({ keyid: '"nobody"' }), /no secret is shared with who has signed it/);
  assert.match(await go({ keyid: '"__proto__"' }), /no secret is shared/);
  assert.match(await go({ keyid: undefined }), /no secret is shared/);
  await close();
});

test('of signature and signature-input each needs the other, and both their form', async () => {
  const { send, env, close } = await world();
  const headers = signer(env).sign(GET);
  const { signature, 'signature-input': input } = headers as { signature: string; 'signature-input': string };
  assert.match(await send({ signature }), /one is missing/);
  assert.match(await send({ 'signature-input': input }), /one is missing/);
  assert.match(
    await send({ ...headers, signature: signature.replace('inmesh', 'other') }),
    /signature can not be read/,
  );
  assert.match(await send({ ...headers, signature: 'inmesh=abc' }), /signature can not be read/);
  assert.match(await send({ ...headers, signature: `${signature.slice(0, -5)}:` }), /signature/);
  for (const bad of [
    '',
    'x',
    '()',
    `${input}, ${input}`,
    input.replace('"@path"', '"@path";sf'),
    input.replace(';', '; '),
    `${input};created=1`,
  ]) {
    assert.match(await send({ ...headers, 'signature-input': bad }), /can not be read/);
  }
  await close();
});

test('a description is read as it stands there', () => {
  const { label, components, parameters, raw } = readSignatureInput('a=("@method" "x-y");created=7;keyid="k"', '');
  assert.deepEqual([label, components, parameters], ['a', ['@method', 'x-y'], { created: 7, keyid: 'k' }]);
  assert.equal(raw, '("@method" "x-y");created=7;keyid="k"');
});

test('a body is signed by its digest, and one that has no body signs that of nothing', async () => {
  const { send, env, close } = await world();
  const empty = { 'content-digest': digestOf('') };
  const sign = (digest: string) => signer(env).sign({ ...GET, digest });
  assert.equal(await send(sign(empty['content-digest']), empty), 'signature checkout');
  assert.match(
    await send(sign(digestOf('x')), { 'content-digest': digestOf('x') }),
    /has no body, and content-digest is of one/,
  );
  assert.equal(
    await send(sign(digestOf('x')), { 'content-digest': digestOf('y'), 'content-length': '1' }),
    'its signature is not good',
  );
  assert.match(
    await send(sign('md5=:AAAA:'), { 'content-digest': 'md5=:AAAA:', 'content-length': '1' }),
    /none that we know/,
  );
  await close();
});
