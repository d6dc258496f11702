import { type FixedEndpoint, fixedRegistry } from '../../src/discovery/fixed.ts';
import { endpointOf, recordOf } from '../../src/discovery/record.ts';
import { decodeRecord, encodeRecord } from '../../src/wire/record.ts';
import { registryLaws } from '../laws/registry.ts';

registryLaws(
  'fixed',
  async () => {
    const services: Record<string, FixedEndpoint[]> = {};
    const never = async () => {
      throw new Error('a fixed list never changes');
    };
    return {
      open: async () => fixedRegistry(services),
      list: async (instance) => {
        const { url, weight, zone, metadata } = endpointOf(decodeRecord(encodeRecord(recordOf(instance, 0))));
        services[instance.service] ??= [];
        services[instance.service]?.push({ url, weight, zone, metadata });
      },
      unlist: never,
      corrupt: never,
      away: never,
      back: never,
      leftovers: async () => [],
      [Symbol.asyncDispose]: async () => {},
    };
  },
  { changes: false },
);
