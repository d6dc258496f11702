import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpoint, sameEndpoint } from '../../src/core/endpoint.ts';
import { fc } from '../support/fast-check.ts';

test('a URL is enough: the rest is as it mostly is', () => {
  assert.deepEqual(endpoint('http://10.0.0.5:3000'), {
    id: 'http://10.0.0.5:3000',
    url: 'http://10.0.0.5:3000',
    address: '10.0.0.5:3000',
    weight: 1,
    zone: '',
    metadata: {},
  });
});

test('what is said counts', () => {
  const made = endpoint('https://a.example:8443/', { id: 'a', weight: 0, zone: 'z', metadata: { v: '1' } });
  assert.deepEqual(made, {
    id: 'a',
    url: 'https://a.example:8443',
    address: 'a.example:8443',
    weight: 0,
    zone: 'z',
    metadata: { v: '1' },
  });
});

const addresses: Readonly<Record<string, string>> = {
  'http://a.example': 'a.example:80',
  'https://a.example': 'a.example:443',
  'http://a.example:80': 'a.example:80',
  'http://[::1]:3000': '[::1]:3000',
  'HTTP://A.Example:3000': 'a.example:3000',
};

for (const [url, address] of Object.entries(addresses)) {
  test(`${url} is at ${address}`, () => {
    assert.equal(endpoint(url).address, address);
  });
}

test('it is frozen', () => {
  assert.throws(() => Object.assign(endpoint('http://a'), { weight: 5 }), TypeError);
});

for (const url of [
  '',
  'a',
  '10.0.0.5:3000',
  'ftp://a',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'http://',
  'unix:/x',
]) {
  test(`'${url}' is no endpoint`, () => {
    const message = `an endpoint must be an http or https URL such as 'http://10.0.0.5:3000', got '${url}'`;
    assert.throws(() => endpoint(url), { name: 'TypeError', message });
  });
}

for (const url of ['http://a/path', 'http://a/?q=1', 'http://a/#x', 'http://me@a', 'http://me:pw@a', 'http://:pw@a']) {
  test(`'${url}' is more than scheme, host and port`, () => {
    assert.throws(() => endpoint(url), { message: /^an endpoint must be scheme, host and port alone, got '/ });
  });
}

for (const url of [
  'http://me:s3cret@a',
  'http://:s3cret@a',
  'ftp://me:s3cret@a',
  'http://me:s3cret@a:99999',
  'http://s3cret@a/b',
]) {
  test(`what is said of ${url.replace('s3cret', '…')} keeps the secret`, () => {
    assert.throws(
      () => endpoint(url),
      (error: Error) => !error.message.includes('s3cret') && error.message.includes('***@a'),
    );
  });
}

for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY, -0.1]) {
  test(`a weight of ${weight} is refused`, () => {
    const message = `weight must be a number of at least 0, got ${weight}`;
    assert.throws(() => endpoint('http://a', { weight }), { name: 'TypeError', message });
  });
}

test('two that say the same are the same, whatever object says it', () => {
  const make = (more = {}) => endpoint('http://a', { id: 'a', metadata: { x: '1', y: '2' }, ...more });
  assert.equal(sameEndpoint(make(), make()), true);
  assert.equal(sameEndpoint(make(), make({ metadata: { y: '2', x: '1' } })), true);
  for (const other of [
    { weight: 2 },
    { zone: 'b' },
    { metadata: {} },
    { metadata: { x: '1', y: '3' } },
    { metadata: { x: '1', z: '2' } },
  ]) {
    assert.equal(sameEndpoint(make(), make(other)), false);
  }
  assert.equal(sameEndpoint(endpoint('http://a', { id: 'x' }), endpoint('http://b', { id: 'x' })), false);
});

test('any text is an endpoint that is an origin, or a TypeError of bounded length', () => {
  const near = fc
    .tuple(
      fc.constantFrom('http', 'https', 'ws', 'ftp'),
      fc.constantFrom('', '', '', 'me:pw@', 'me@', '@', 'a@b@'),
      fc.webAuthority({ withIPv4: true, withIPv4Extended: true, withIPv6: true, withPort: true }),
      fc.constantFrom('', '', '', '/', '/a/b%20c', '/..', '?', '?q=1', '#', '#part', '/a?q=%#part', '\\', '%', ' '),
    )
    .map(([scheme, user, authority, rest]) => `${scheme}://${user}${authority}${rest}`);
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 3_000 }), near), (url) => {
      try {
        const made = endpoint(url);
        assert.equal(new URL(made.url).origin, made.url);
        assert.match(made.address, /:\d+$/);
      } catch (error) {
        assert.ok(error instanceof TypeError);
        assert.ok(error.message.length < 400, `${error.message.length}`);
      }
    }),
  );
});
