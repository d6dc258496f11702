import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import zlib from 'node:zlib';
import axios, { AxiosError, AxiosHeaders, type AxiosRequestConfig } from 'axios';
import { meshAxios } from '../../../src/axios.ts';
import { failure, ofBoth, says, twins } from '../../support/axios.ts';
import { echo, type Seen, serve } from '../../support/http.ts';
import { transportTo } from '../../support/transport.ts';

const KINDS: [AxiosRequestConfig, unknown][] = [
  [{}, { a: 'ü' }],
  [{ responseType: 'json' }, { a: 'ü' }],
  [{ responseType: 'text' }, '{"a":"ü"}'],
  [{ transformResponse: (data) => `<${data}>` }, '<{"a":"ü"}>'],
  [{ responseType: 'text', responseEncoding: 'latin1' }, Buffer.from('{"a":"ü"}').toString('latin1')],
  [{ responseType: 'arraybuffer' }, Buffer.from('{"a":"ü"}')],
];

for (const [config, data] of KINDS) {
  ofBoth(`an answer is read with ${JSON.stringify(config)}`, says('{"a":"ü"}'), async (http) => {
    assert.deepEqual((await http.get('/', config)).data, data);
  });
}

ofBoth('a stream is a Node stream', says('hello'), async (http) => {
  const { data } = await http.get<Readable>('/', { responseType: 'stream' });
  assert.ok(data instanceof Readable);
  assert.equal(String(Buffer.concat(await data.toArray())), 'hello');
});

for (const [coding, body] of [
  ['gzip', zlib.gzipSync('hello')],
  ['deflate', zlib.deflateSync('hello')],
  ['deflate', zlib.deflateRawSync('hello')],
  ['br', zlib.brotliCompressSync('hello')],
] as const) {
  ofBoth(`${coding} is undone, and not when told so`, says(body, { 'content-encoding': coding }), async (http) => {
    const response = await http.get('/');
    assert.equal(response.data, 'hello');
    assert.equal(response.headers['content-encoding'], undefined);
    const raw = await http.get('/', { decompress: false, responseType: 'arraybuffer' });
    assert.deepEqual(raw.data, body);
    assert.equal(raw.headers['content-encoding'], coding);
    const stream = await http.get<Readable>('/', { responseType: 'stream' });
    assert.equal(String(Buffer.concat(await stream.data.toArray())), 'hello');
  });
}

for (const [status, code] of [
  [404, 'ERR_BAD_REQUEST'],
  [503, 'ERR_BAD_RESPONSE'],
] as const) {
  ofBoth(
    `${status} is an AxiosError with the answer, unless the caller takes it for good`,
    says('{"why":1}', {}, status),
    async (http) => {
      const error = await failure(http.get('/a'));
      assert.ok(error instanceof AxiosError);
      assert.ok(axios.isAxiosError(error));
      assert.equal(error.message, `Request failed with status code ${status}`);
      assert.deepEqual([error.code, error.status, error.response!.status], [code, status, status]);
      assert.deepEqual(error.response!.data, { why: 1 });
      assert.ok(error.response!.headers instanceof AxiosHeaders);
      assert.equal(error.config!.url, '/a');
      assert.ok(error.request);
      assert.equal((await http.get('/', { validateStatus: null })).status, status);
      assert.equal((await http.get('/', { validateStatus: (seen) => seen === status })).status, status);
    },
  );
}

ofBoth('interceptors run once, in the order that axios has', echo, async (http) => {
  const ran: string[] = [];
  http.interceptors.request.use((config) => {
    ran.push('request 1');
    config.headers.set('x-signed', 'yes');
    return config;
  });
  http.interceptors.request.use((config) => {
    ran.push('request 2');
    return config;
  });
  http.interceptors.response.use((response) => {
    ran.push('response');
    return { ...response, data: { ...response.data, seen: true } };
  });
  const { data } = await http.get('/');
  assert.deepEqual([data.headers['x-signed'], data.seen], ['yes', true]);
  assert.deepEqual(ran, ['request 2', 'request 1', 'response']);
});

ofBoth('interceptors of answers get the errors', says('', {}, 500), async (http) => {
  http.interceptors.response.use(null, (error) => Promise.resolve(`saved from ${error.response.status}`));
  assert.equal(await http.get('/'), 'saved from 500');
});

test('interceptors run once for each call, however many attempts it takes', async (t) => {
  const sick = await serve(t, says('', {}, 503));
  const well = await serve(t, echo);
  const transport = transportTo(t, { orders: [sick.url, well.url] }, { attempts: 2 });
  const http = meshAxios(transport, axios.create({ baseURL: 'http://orders' }));
  let ran = 0;
  http.interceptors.request.use((config) => {
    ran++;
    return config;
  });
  const { data } = await http.put<Seen>('/', { a: 1 });
  assert.deepEqual([data.headers['x-attempt'], data.body, ran], ['2', '{"a":1}', 1]);
});

ofBoth('an answer that is too long is an error', says('x'.repeat(100)), async (http) => {
  assert.equal((await http.get('/', { maxContentLength: 100 })).data.length, 100);
  for (const responseType of ['text', 'arraybuffer'] as const) {
    const error = await failure(http.get('/', { maxContentLength: 99, responseType }));
    assert.deepEqual([error.code, error.message], ['ERR_BAD_RESPONSE', 'maxContentLength size of 99 exceeded']);
  }
  const { data } = await http.get<Readable>('/', { maxContentLength: 99, responseType: 'stream' });
  await assert.rejects(data.toArray());
});

test('progress is told', async (t) => {
  const { http } = await twins(t, (request, response) => void request.pipe(response));
  const told: [string, number, number | undefined][] = [];
  const { data } = await http.post('/', Readable.from(['hel', 'lo']), {
    onUploadProgress: ({ loaded, total }) => void told.push(['up', loaded, total]),
    onDownloadProgress: ({ loaded, bytes }) => void told.push(['down', loaded, bytes]),
  });
  assert.equal(data, 'hello');
  assert.deepEqual(
    told.filter(([way]) => way === 'up'),
    [
      ['up', 3, undefined],
      ['up', 5, undefined],
    ],
  );
  assert.equal(told.findLast(([way]) => way === 'down')![1], 5);
});
