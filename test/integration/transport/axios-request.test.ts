import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import axios, { AxiosHeaders, type AxiosRequestConfig } from 'axios';
import { meshAxios } from '../../../src/axios.ts';
import { failure, ofBoth, sending, twins } from '../../support/axios.ts';
import { echo, type Seen, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

ofBoth('an answer has data, status, headers, config and request', echo, async (http) => {
  const response = await http.get<Seen>('/orders/42');
  assert.deepEqual([response.status, response.statusText], [200, 'OK']);
  assert.equal(response.data.url, '/orders/42');
  assert.ok(response.headers instanceof AxiosHeaders);
  assert.equal(response.headers['content-type'], 'application/json');
  assert.equal(response.config.url, '/orders/42');
  assert.equal(response.request.method, 'GET');
  assert.equal(response.request.path, '/orders/42');
  assert.match(response.request.res.responseUrl, /^http:\/\/[^/]+\/orders\/42$/);
});

test('it gives back the same instance', () => {
  const instance = axios.create();
  assert.equal(meshAxios({ request: () => assert.fail() }, instance), instance);
});

const URLS: [AxiosRequestConfig, string][] = [
  [{ url: 'a' }, '/a'],
  [{ url: '/a' }, '/a'],
  [{ url: '' }, '/'],
  [{ url: '/a?b=1#c' }, '/a?b=1'],
  [{ url: '/a', params: { b: 1, c: ['x', 'y'], d: null, e: 'ü &' } }, '/a?b=1&c[]=x&c[]=y&e=%C3%BC+%26'],
  [{ url: '/a?z=0', params: { b: { c: 1 } } }, '/a?z=0&b[c]=1'],
  [{ url: '/a', params: new URLSearchParams('b=1') }, '/a?b=1'],
  [{ url: '/a', params: { b: [1, 2] }, paramsSerializer: { indexes: null } }, '/a?b=1&b=2'],
  [{ url: '/a', params: { b: 1 }, paramsSerializer: (params) => `all=${Object.keys(params)}` }, '/a?all=b'],
];

for (const [config, path] of URLS) {
  ofBoth(`${config.url} with ${JSON.stringify(config.params)} is ${path}`, echo, async (http) => {
    assert.equal(decodeURI((await http.request<Seen>(config)).data.url), decodeURI(path));
  });
}

const DATA: [string, unknown, AxiosRequestConfig, string, string | undefined][] = [
  ['an object', { a: 1 }, {}, '{"a":1}', 'application/json'],
  ['text', 'hello', {}, 'hello', 'application/x-www-form-urlencoded'],
  ['search parameters', new URLSearchParams('a=1'), {}, 'a=1', 'application/x-www-form-urlencoded;charset=utf-8'],
  ['a Buffer', Buffer.from('hello'), {}, 'hello', 'application/x-www-form-urlencoded'],
  ['an ArrayBuffer', new TextEncoder().encode('hello').buffer, {}, 'hello', 'application/x-www-form-urlencoded'],
  ['a blob', new Blob(['hello'], { type: 'text/x' }), {}, 'hello', 'text/x'],
  ['a stream', () => Readable.from(['hel', 'lo']), {}, 'hello', 'application/x-www-form-urlencoded'],
  [
    'an own transform',
    'hello',
    { transformRequest: (data) => data.toUpperCase() },
    'HELLO',
    'application/x-www-form-urlencoded',
  ],
  ['an own type', '<a/>', { headers: { 'Content-Type': 'text/xml' } }, '<a/>', 'text/xml'],
];

for (const [kind, given, config, body, type] of DATA) {
  ofBoth(`${kind} is sent as axios sends it`, echo, async (http) => {
    const data = typeof given === 'function' ? given() : given;
    const seen = (await http.post<Seen>('/', data, config)).data;
    assert.deepEqual([seen.body, seen.headers['content-type']?.toLowerCase()], [body, type?.toLowerCase()]);
  });
}

ofBoth('a form is sent as multipart', echo, async (http) => {
  const form = new FormData();
  form.append('name', 'value');
  for (const data of [form, { name: 'value' }]) {
    const seen = (await http.postForm<Seen>('/', data)).data;
    const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(seen.headers['content-type']!)!;
    assert.ok(seen.body.startsWith(`--${boundary}\r\n`));
    assert.match(seen.body, /name="name"\r\n(?:content-length: \d+\r\n)?\r\nvalue/i);
  }
});

ofBoth('headers of the instance, the method and the call are sent', echo, async (http) => {
  http.defaults.headers.common['X-Common'] = 'a';
  http.defaults.headers.get['X-Get'] = 'b';
  const { headers } = (
    await http.get<Seen>('/', { headers: { 'X-Own': 'c', 'X-Off': false as never, 'X-Null': null as never } })
  ).data;
  assert.deepEqual([headers['x-common'], headers['x-get'], headers['x-own']], ['a', 'b', 'c']);
  assert.deepEqual([headers['x-off'], headers['x-null']], [undefined, undefined]);
  assert.equal(headers.accept, 'application/json, text/plain, */*');
  assert.match(headers['user-agent']!, /^axios/);
  assert.match(headers['accept-encoding']!, /gzip/);
});

ofBoth('auth is basic, and wins over a header', echo, async (http) => {
  const config = { auth: { username: 'ann', password: 'grün' }, headers: { Authorization: 'other' } };
  const { headers } = (await http.get<Seen>('/', config)).data;
  assert.equal(headers.authorization, `Basic ${Buffer.from('ann:grün').toString('base64')}`);
});

ofBoth('a body that is too long is an error, and is not sent', echo, async (http) => {
  assert.equal((await http.post<Seen>('/', 'xxx', { maxBodyLength: 3 })).data.body, 'xxx');
  const error = await failure(http.post('/', 'xxxx', { maxBodyLength: 3, maxRedirects: 0 }));
  assert.equal(error.code, 'ERR_BAD_REQUEST');
  assert.match(error.message, /Request body larger than maxBodyLength limit/);
});

test('a stream that is too long is an error', async (t) => {
  const { http } = await twins(t, echo);
  const error = await failure(http.post('/', Readable.from(['xx', 'xx']), { maxBodyLength: 3 }));
  assert.match(error.message, /larger than maxBodyLength limit/);
});

ofBoth('redirects are followed, as often as axios does', sending, async (http) => {
  const response = await http.post<Seen>('/302/there', { a: 1 });
  assert.deepEqual([response.data.method, response.data.url, response.data.body], ['GET', '/there', '']);
  assert.match(response.request.res.responseUrl, /\/there$/);
  const kept = await http.post<Seen>('/307/there', { a: 1 });
  assert.deepEqual([kept.data.method, kept.data.body], ['POST', '{"a":1}']);
  assert.equal((await http.get(`${'/302'.repeat(21)}/there`)).status, 200);
  assert.equal((await failure(http.get(`${'/302'.repeat(22)}/there`))).code, 'ERR_FR_TOO_MANY_REDIRECTS');
  assert.equal((await failure(http.get('/302/302/302/there', { maxRedirects: 2 }))).code, 'ERR_FR_TOO_MANY_REDIRECTS');
  const error = await failure(http.get('/302/there', { maxRedirects: 0 }));
  assert.deepEqual([error.response!.status, error.response!.data], [302, 'moved']);
});

ofBoth('beforeRedirect hears of it, and may change the headers', sending, async (http) => {
  const beforeRedirect: AxiosRequestConfig['beforeRedirect'] = (options, { statusCode, headers }) => {
    assert.deepEqual([statusCode, headers.location], [302, '/there']);
    options.headers['x-added'] = 'yes';
  };
  assert.equal((await http.get<Seen>('/302/there', { beforeRedirect })).data.headers['x-added'], 'yes');
});

test('a redirect to another service goes there through the mesh, to another address nowhere', async (t) => {
  const others = await serve(t, echo);
  const server = await serve(t, (request, response) => {
    response
      .writeHead(302, { location: request.url === '/a' ? 'http://others/b' : 'http://169.254.169.254:80/' })
      .end();
  });
  const transport = transportTo(t, { orders: [server.url], others: [others.url] });
  const http = meshAxios(transport, axios.create({ baseURL: 'http://orders' }));
  const { data } = await http.get<Seen>('/a', { headers: { Authorization: 'secret' } });
  assert.deepEqual([data.url, data.headers.authorization], ['/b', undefined]);
  assert.equal(transport.caller.calls.at(-1)!.service, 'others');
});
