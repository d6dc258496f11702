import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, type ZookeeperOptions } from '../../src/zookeeper/options.ts';

test('what is left out is as the reference says', () => {
  assert.deepEqual(readSettings({}, {}), {
    sessionTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
    holdMs: 2_000,
    spreadMs: 1_000,
    root: '/services',
    payload: 'spring',
    acl: 'open',
    snapshot: undefined,
    tls: undefined,
  });
});

test('all of it may stand in the connect string, and the options have the last word', () => {
  const query = { sessionTimeout: '30s', root: '/r', payload: 'dubbo', acl: 'creator', tls: 'true', ca: '/ca.pem' };
  const { sessionTimeoutMs, root, payload, acl, tls } = readSettings(query, { payload: 'plain', root: '/own/root' });
  assert.deepEqual(
    [sessionTimeoutMs, root, payload, acl, tls],
    [30_000, '/own/root', 'plain', 'creator', { ca: '/ca.pem' }],
  );
  assert.deepEqual(readSettings({}, { tls: { cert: 'c', key: 'k' } }).tls, { cert: 'c', key: 'k' });
  assert.deepEqual(readSettings({}, { tls: true }).tls, {});
  assert.equal(readSettings({ tls: 'false' }, {}).tls, undefined);
});

test('what is wrong is refused at the door, with what there is', () => {
  const refused: [query: Record<string, string>, options: object, message: RegExp][] = [
    [{ sesionTimeout: '1s' }, {}, /no such option 'sesionTimeout'; there are sessionTimeout, connectTimeout/],
    [{}, { ca: 'x' }, /no such option 'ca'/],
    [{}, { tls: { pfx: 'x' } }, /no such option 'pfx'; there are ca, cert, key/],
    [{ sessionTimeout: '10' }, {}, /sessionTimeout must be a duration such as '10s', at most an hour, got '10'/],
    [{ sessionTimeout: '1ms' }, {}, /sessionTimeout/],
    [{}, { hold: 5 }, /hold must be a duration/],
    [{ root: 'services' }, {}, /root of the registry must be a path such as '\/services', got 'services'/],
    [{ root: '/a/../b' }, {}, /root/],
    [{}, { root: 7 }, /root must be a path, got number/],
    [{ payload: 'xml' }, {}, /payload must be one of spring, dubbo, plain, got 'xml'/],
    [{ acl: 'nobody' }, {}, /acl must be one of open, creator, read-only-world/],
    [{ tls: 'yes' }, {}, /tls must be true, false or files/],
    [{ ca: '/ca.pem' }, {}, /tls must be true where there are files/],
    [{}, { tls: { cert: 'c' } }, /cert and key together/],
    [{}, { tls: { ca: 7 } }, /tls.ca must be the path of a file/],
    [{ snapshot: '' }, {}, /snapshot must be the path of a file/],
  ];
  for (const [query, options, message] of refused) {
    assert.throws(() => readSettings(query, options as ZookeeperOptions), { code: 'INVALID_ARGUMENT', message });
  }
});
