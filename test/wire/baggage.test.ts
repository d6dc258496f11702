import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baggage } from '../../src/wire/baggage.ts';

const textOf = (header: string): string => Baggage.parse(header).text;

test('members are read with their values decoded, and pass on as they came', () => {
  const baggage = Baggage.parse('userId=alice,serverNode=DF%2028,isProduction=false');
  assert.equal(baggage.get('userId'), 'alice');
  assert.equal(baggage.get('serverNode'), 'DF 28');
  assert.equal(baggage.get('nobody'), undefined);
  assert.equal(baggage.text, 'userId=alice,serverNode=DF%2028,isProduction=false');
});

test('blanks around members, keys, values and properties are dropped, as HTTP allows', () => {
  assert.equal(textOf(' key1 = value1 ; p1 ; p2 = v ,\tkey2=value2 '), 'key1=value1;p1;p2 = v,key2=value2');
  assert.equal(Baggage.parse('a=1;secret=no').get('a'), '1');
});

test('a member that is not well-formed costs itself alone', () => {
  for (const bad of [
    'novalue',
    '=x',
    'k ey=1',
    'a="1"',
    'a=1 2',
    'a=\\',
    'ä=1',
    'a=ä',
    'a=1;b c',
    'a=\u0000',
    'a=\n',
  ]) {
    assert.equal(textOf(`x=1,${bad},y=2`), 'x=1,y=2', JSON.stringify(bad));
  }
  assert.equal(textOf(',,'), '');
});

test('of two members with one key the first counts, and only it goes on', () => {
  assert.equal(textOf('a=1,a=2'), 'a=1');
});

test('an empty value is a value', () => {
  assert.equal(Baggage.parse('a=').get('a'), '');
});

test('a value that does not decode is none, and passes on all the same', () => {
  const baggage = Baggage.parse('a=%ff');
  assert.equal(baggage.get('a'), undefined);
  assert.equal(baggage.text, 'a=%ff');
});

test('64 members and 8,192 bytes pass; more members are dropped, more bytes are as if nothing came', () => {
  const many = Array.from({ length: 70 }, (_, at) => `k${at}=${at}`);
  assert.equal(textOf(many.join()).split(',').length, 64);
  const long = `a=${'x'.repeat(8_190)}`;
  assert.equal(textOf(long), long);
  assert.equal(textOf(`${long}x`), '');
});

test('a member can be set and taken away; what there was stays as it was', () => {
  const before = Baggage.parse('a=1;p,b=2');
  assert.equal(before.with('c', "ä, '(x)").text, 'a=1;p,b=2,c=%C3%A4%2C%20%27%28x%29');
  assert.equal(before.with('c', 'ä, (x)').get('c'), 'ä, (x)');
  assert.equal(before.with('c', 'half a \ud83d').get('c'), 'half a \ufffd', 'as TextEncoder has it');
  assert.equal(before.with('a', '3').text, 'a=3,b=2');
  assert.equal(before.with('a', undefined).text, 'b=2');
  assert.equal(before.with('a', undefined).with('b', undefined), Baggage.NONE);
  assert.equal(before.text, 'a=1;p,b=2');
});

test('where there is no room for another member, none is added', () => {
  const full = Baggage.parse(Array.from({ length: 64 }, (_, at) => `k${at}=${at}`).join());
  assert.equal(full.with('more', '1'), full);
  assert.equal(full.with('k1', '7').get('k1'), '7');
  const long = Baggage.parse(`a=${'x'.repeat(8_190)}`);
  assert.equal(long.with('b', '1'), long);
});

test('a key that is no token is refused', () => {
  assert.throws(() => Baggage.NONE.with('a b', '1'), /must be a token such as 'user.id', got 'a b'/);
});
