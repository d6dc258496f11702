import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nodes } from '../../src/balancer/nodes.ts';
import { pick } from '../../src/balancer/pick.ts';
import type { PickerName } from '../../src/balancer/pickers.ts';
import { endpoint } from '../../src/core/endpoint.ts';
import type { Node } from '../../src/core/node.ts';
import { seeded } from '../../src/core/random.ts';
import { aContext } from '../../src/testing.ts';
import { eject, nodeOf, nodesOf } from '../support/nodes.ts';

const KEYS = Array.from({ length: 2_000 }, (_, at) => `user-${at}`);
const TEN = Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`10.0.0.${at}`, 1]));

type Hashed = Extract<PickerName, 'ring-hash' | 'maglev'>;
const policyOf = (picker: Hashed) => aContext({ policy: { balance: { picker } } }).policy.balance;
const POLICIES = { 'ring-hash': policyOf('ring-hash'), maglev: policyOf('maglev') };

/** Where a call goes. */
function to(nodes: Nodes, picker: Hashed, key: string | undefined, tried: readonly Node[] = [], seed = 1): string {
  return pick(nodes, tried, POLICIES[picker], 0, seeded(seed), key)!.endpoint.id;
}

/** Where each key goes. */
const map = (nodes: Nodes, picker: Hashed): string[] => KEYS.map((key) => to(nodes, picker, key));

/** A probe of one that is out ends well. */
function bringBack(nodes: Nodes, id: string): void {
  const node = nodeOf(nodes, id);
  node.ejection.probe(0);
  node.ejection.succeeded(node.ejection.term, 0);
  node.all.moved(node);
}

for (const picker of ['ring-hash', 'maglev'] as const) {
  test(`${picker}: calls of one key go to one node, whatever chance says and however loaded it is`, () => {
    const nodes = nodesOf(TEN);
    for (const key of KEYS.slice(0, 50)) {
      const id = to(nodes, picker, key);
      nodeOf(nodes, id).inFlight += 100;
      for (let seed = 2; seed < 6; seed++) assert.equal(to(nodes, picker, key, [], seed), id);
    }
  });

  test(`${picker}: all clients agree, in whatever order they heard of the nodes`, () => {
    const [one, other] = [nodesOf(TEN), nodesOf(Object.fromEntries(Object.entries(TEN).reverse()))];
    eject(other, ['10.0.0.3', '10.0.0.4']);
    bringBack(other, '10.0.0.4');
    bringBack(other, '10.0.0.3');
    assert.deepEqual(map(other, picker), map(one, picker));
  });

  test(`${picker}: while a node is out its keys go elsewhere, all others stay, and it gets back what it had`, () => {
    const nodes = nodesOf(TEN);
    const before = map(nodes, picker);
    eject(nodes, ['10.0.0.3']);
    const meanwhile = map(nodes, picker);
    for (const [at, id] of before.entries()) {
      if (id === '10.0.0.3') assert.notEqual(meanwhile[at], id);
      else assert.equal(meanwhile[at], id);
    }
    const heirs = new Set(meanwhile.filter((_, at) => before[at] === '10.0.0.3'));
    assert.equal(heirs.size, 9, 'what it had is shared out');
    bringBack(nodes, '10.0.0.3');
    assert.deepEqual(map(nodes, picker), before);
  });

  // Envoy fills up the ring when it gets smaller, so that others' keys move as well: a tenth at ten nodes, less at more.
  const most = picker === 'maglev' ? 0.15 : 0.2;
  test(`${picker}: one node of ten that goes, or comes, moves ${most * 100} % of the keys at most`, () => {
    const nodes = nodesOf(TEN);
    const before = map(nodes, picker);
    nodes.drop('10.0.0.7');
    const without = map(nodes, picker);
    const moved = without.filter((id, at) => id !== before[at]).length / KEYS.length;
    assert.ok(moved <= most, `${moved}`);
    nodes.put(endpoint('http://10.0.0.7:3000', { id: '10.0.0.7' }));
    assert.deepEqual(map(nodes, picker), before, 'and it gets back what it had');
  });

  test(`${picker}: each attempt goes to another node, the same for all clients`, () => {
    const [one, other] = [nodesOf(TEN), nodesOf(TEN)];
    for (const key of KEYS.slice(0, 100)) {
      const [tried, alike]: [Node[], Node[]] = [[], []];
      for (let attempt = 0; attempt < 6; attempt++) {
        const id = to(one, picker, key, tried, 1);
        assert.equal(to(other, picker, key, alike, 2), id);
        assert.ok(!tried.includes(nodeOf(one, id)));
        tried.push(nodeOf(one, id));
        alike.push(nodeOf(other, id));
      }
    }
  });

  test(`${picker}: calls without a key are spread`, () => {
    const nodes = nodesOf({ a: 1, b: 3 });
    let heavy = 0;
    for (let seed = 0; seed < 2_000; seed++) if (to(nodes, picker, undefined, [], seed) === 'b') heavy++;
    assert.ok(Math.abs(heavy - 1_500) < 90, `${heavy} of 2000`);
  });

  test(`${picker}: a hash_key that changes while the node stays where it is places it anew`, () => {
    const list = (more: string) =>
      Object.keys(TEN).map((id) => endpoint(`http://${id}:3000`, { id, metadata: { hash_key: `${id}${more}` } }));
    const [changed, fresh] = [new Nodes(), new Nodes()];
    changed.update(list('a'));
    const before = map(changed, picker);
    const node = nodeOf(changed, '10.0.0.3');
    changed.update(list('b'));
    fresh.update(list('b'));
    assert.notDeepEqual(map(fresh, picker), before);
    assert.deepEqual(map(changed, picker), map(fresh, picker));
    assert.equal(nodeOf(changed, '10.0.0.3'), node, 'and keeps what was learnt');
  });

  test(`${picker}: a node is placed by its address, or by the hash_key of its record`, () => {
    const list = (at: number, hash_key?: string) =>
      Array.from({ length: 5 }, (_, host) =>
        endpoint(`http://10.0.${at}.${host}:80`, { id: `${host}`, metadata: hash_key ? { hash_key: `h${host}` } : {} }),
      );
    const nodesAt = (at: number, hash_key?: string): Nodes => {
      const nodes = new Nodes();
      nodes.update(list(at, hash_key));
      return nodes;
    };
    assert.notDeepEqual(map(nodesAt(1), picker), map(nodesAt(2), picker));
    assert.deepEqual(map(nodesAt(1, 'yes'), picker), map(nodesAt(2, 'yes'), picker), 'moved, and still the same host');
  });
}

test('the ring moves only the keys of the node that went', () => {
  const nodes = nodesOf(Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`10.0.0.${at}`, 1])));
  const before = map(nodes, 'ring-hash');
  eject(nodes, ['10.0.0.1', '10.0.0.2']);
  const after = map(nodes, 'ring-hash');
  for (const [at, id] of before.entries()) {
    if (id !== '10.0.0.1' && id !== '10.0.0.2') assert.equal(after[at], id);
  }
});
