import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { MeshOptions } from '../../src/index.ts';
import type { PolicySections } from '../../src/policy/table.ts';

/** A filter that is off by default, as one would have it on; so wide that nothing is ever refused. */
export interface On {
  readonly policy?: PolicySections;
  /** What the mesh needs to be told besides. */
  readonly options?: () => Partial<MeshOptions> | Promise<Partial<MeshOptions>>;
}

const ANY = { path: '/orders/{id}' } as const;
const SPLIT = [{ labels: { version: 'v1' }, weight: 9 }, { labels: { version: 'v2' } }];

/** By name, in the order of travel; what concerns the choice of an endpoint comes last. */
export const ON: Readonly<Record<string, On>> = {
  nothing: {},
  'strategy: failfast': { policy: { strategy: { mode: 'failfast' } } },
  fallback: { policy: { fallback: { mode: 'last-good' } } },
  collapse: { policy: { collapse: { mode: 'on' } } },
  fault: { policy: { fault: { delay: '1ms', delayShare: 0.0001 } } },
  'route, to a service': { policy: { route: { rules: [{ ...ANY, to: [{ service: 'copies' }] }] } } },
  'route, by weight to labels': { policy: { route: { rules: [{ ...ANY, to: SPLIT }] } }, options: () => spread() },
  mirror: { policy: { mirror: { to: 'copies' } } },
  'authenticate by token': { policy: { authenticate: { mode: 'token' } }, options: token },
  'authenticate by signature': {
    policy: { authenticate: { mode: 'signature' } },
    options: () => ({ identity: { secrets: { orders: 'x'.repeat(32) } } }),
  },
  quota: { policy: { quota: { calls: [{ rate: '10000000/s', burst: 1_000_000 }] } } },
  'quota, paced': { policy: { quota: { pace: 'queue' } } },
  circuit: { policy: { circuit: { mode: 'enforce' } } },
  'health: tcp': { policy: { health: { check: 'tcp' } }, options: listening },
  hedge: { policy: { hedge: { mode: 'quantile' } } },
  throttle: { policy: { throttle: { mode: 'enforce' } } },
  limit: { policy: { limit: { endpoint: 1_000, service: 10_000 } } },
  'limit, learnt': { policy: { limit: { endpoint: 1_000, service: 10_000, algorithm: 'gradient' } } },
  'outlier by success rate': { policy: { outlier: { successRate: 0.8 } } },
  'outlier by fleet': { policy: { fleet: { interval: '10s' } } },
  attempt: { policy: { attempt: { timeout: '1s' } } },
  zone: { options: () => ({ ...spread(), zone: 'a' }) },
  subset: { policy: { subset: { labels: { version: 'v1' } } }, options: () => spread() },
};

/** Ten endpoints of two zones and two versions. */
function spread(urls = Array.from({ length: 10 }, (_, at) => `http://127.0.0.1:${3_000 + at}`)) {
  const orders = urls.map((url, at) => ({
    url,
    zone: at % 2 === 0 ? 'a' : 'b',
    metadata: { version: at % 4 < 2 ? 'v1' : 'v2' },
  }));
  return { registry: { fixed: { orders } } };
}

/** With a key of our own: one token is made, and shown while it is good. */
function token(): Partial<MeshOptions> {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = async (bytes: Uint8Array) => sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
  return { identity: { token: { kid: 'bench', algorithm: 'ES256', sign: signed } } };
}

/** With endpoints that really listen, so that those who ask find them well. */
async function listening(): Promise<Partial<MeshOptions>> {
  const server = createServer((socket) => socket.end()).listen(0, '0.0.0.0');
  await once(server, 'listening');
  server.unref();
  const { port } = server.address() as AddressInfo;
  return spread(Array.from({ length: 10 }, (_, at) => `http://127.0.0.${1 + at}:${port}`));
}
