import { type Endpoint, endpoint } from '../../src/core/endpoint.ts';
import { endpointOf, recordOf } from '../../src/discovery/record.ts';
import { FakeRegistry } from '../../src/testing/fake-registry.ts';
import { decodeRecord, encodeRecord } from '../../src/wire/record.ts';
import { registryLaws } from '../laws/registry.ts';

registryLaws(
  'fake',
  async () => {
    const fake = new FakeRegistry();
    const lists = new Map<string, Map<string, Endpoint>>();
    const change = (service: string, how: (list: Map<string, Endpoint>) => void) => {
      const list = lists.get(service) ?? new Map<string, Endpoint>();
      how(list);
      lists.set(service, list);
      fake.set(service, [...list.values()]);
    };
    return {
      open: async () => fake.client(),
      list: async (instance) => {
        const made = endpointOf(decodeRecord(encodeRecord(recordOf(instance, 0))));
        change(instance.service, (list) => list.set(instance.id, endpoint(made.url, made)));
      },
      unlist: async (service, id) => change(service, (list) => list.delete(id)),
      corrupt: async () => {
        throw new Error('what is in memory can not be spoilt');
      },
      away: async () => void fake.fail(),
      back: async () => void fake.heal(),
      leftovers: async () => (fake.open > 0 ? [`${fake.open} open`] : []),
      [Symbol.asyncDispose]: () => fake.close(),
    };
  },
  { spoils: false },
);
