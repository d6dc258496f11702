import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { MeshError } from '../../src/core/errors.ts';
import { type BodyLike, keepStream, type Payload, readBody } from '../../src/transport/payload.ts';

async function textOf({ content, source }: Payload): Promise<string> {
  if (source === undefined) return typeof content === 'string' ? content : Buffer.from(content!).toString();
  const parts: Buffer[] = [];
  for await (const part of source.read()) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

const BODIES: [string, () => BodyLike, boolean, string | undefined][] = [
  ['text', () => 'hello', true, undefined],
  ['a Buffer', () => Buffer.from('hello'), true, undefined],
  ['a view', () => new DataView(new TextEncoder().encode('hello').buffer), true, undefined],
  ['an ArrayBuffer', () => new TextEncoder().encode('hello').buffer as ArrayBuffer, true, undefined],
  ['a small blob', () => new Blob(['hello'], { type: 'text/x' }), true, 'text/x'],
  ['a Readable', () => Readable.from(['hel', 'lo']), false, undefined],
  ['a web stream', () => new Blob(['hello']).stream(), false, undefined],
  ['an iterable', () => [Buffer.from('hel'), 'lo'], false, undefined],
];

for (const [kind, body, replayable, type] of BODIES) {
  test(`${kind} can be sent${replayable ? ', and sent again' : ' once'}`, async () => {
    const payload = await readBody(body(), 100);
    assert.equal(payload.replayable, replayable);
    assert.equal(payload.type, type);
    assert.equal(await textOf(payload), 'hello');
  });
}

test('an async generator can be sent once', async () => {
  async function* parts() {
    yield 'hel';
    yield new TextEncoder().encode('lo');
  }
  const payload = await readBody(parts(), 100);
  assert.equal(payload.replayable, false);
  assert.equal(await textOf(payload), 'hello');
});

test('no body is nothing', async () => {
  for (const body of [undefined, null]) assert.equal((await readBody(body, 0)).content, undefined);
});

test('search parameters are sent as a form', async () => {
  const payload = await readBody(new URLSearchParams({ a: '1 2' }), 0);
  assert.equal(payload.content, 'a=1+2');
  assert.equal(payload.type, 'application/x-www-form-urlencoded;charset=UTF-8');
});

test('a large blob is streamed, any number of times, and its length is known', async () => {
  const payload = await readBody(new Blob(['x'.repeat(101)]), 100);
  assert.equal(payload.length, 101);
  assert.equal(payload.replayable, true);
  assert.equal(await textOf(payload), 'x'.repeat(101));
  assert.equal(await textOf(payload), 'x'.repeat(101));
});

test('a small form is kept, a large one is streamed', async () => {
  const form = new FormData();
  form.append('name', 'x'.repeat(50));
  const small = await readBody(form, 1_000);
  assert.equal(small.replayable, true);
  assert.match(small.type!, /^multipart\/form-data; boundary=/);
  const large = await readBody(form, 10);
  assert.equal(large.replayable, false);
  const text = await textOf(large);
  assert.match(text, /name="name"\r\n\r\nx{50}\r\n/);
  assert.ok(text.includes(large.type!.split('=')[1]!));
});

test('a stream is kept up to the limit, and not a byte is lost beyond it', async () => {
  for (const [size, replayable] of [
    [100, true],
    [101, false],
    [5_000, false],
  ] as const) {
    const stream = new Blob(['x'.repeat(size)]).stream();
    const payload = await keepStream(stream, 100);
    assert.equal(payload.replayable, replayable);
    assert.equal((await textOf(payload)).length, size);
  }
});

test('a source knows whether it was touched, and what it failed with', async () => {
  const broken = new Error('broken');
  async function* parts() {
    yield 'a';
    throw broken;
  }
  const { source } = await readBody(parts(), 0);
  assert.equal(source!.touched, false);
  await assert.rejects(async () => {
    for await (const _ of source!.read()) assert.equal(source!.touched, true);
  }, broken);
  assert.equal(source!.failed, true);
  assert.equal(source!.error, broken);
});

test('parts that are neither text nor bytes are refused', async () => {
  const { source } = await readBody(Readable.from([{ a: 1 }]), 0);
  await assert.rejects(source!.read().next(), /must be text or bytes, got object/);
});

test('what nobody will read is closed', async () => {
  const readable = Readable.from(['a']);
  (await readBody(readable, 0)).source!.abandon(new Error('over'));
  assert.equal(readable.destroyed, true);
  const reasons: unknown[] = [];
  const stream = new ReadableStream({ cancel: (reason) => void reasons.push(reason) });
  (await readBody(stream, 0)).source!.abandon('over');
  assert.deepEqual(reasons, ['over']);
});

for (const body of [42, true, {}, () => {}, Symbol('x')] as unknown as BodyLike[]) {
  test(`${String(body)} is no body`, () => {
    assert.throws(
      () => readBody(body, 0),
      (error) => MeshError.is(error) && error.reason === 'request' && /a body must be text, bytes/.test(error.message),
    );
  });
}
