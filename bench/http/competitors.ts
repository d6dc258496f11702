import { Agent as HttpAgent } from 'node:http';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import CircuitBreaker from 'opossum';
import { Agent, type Dispatcher, Pool, request } from 'undici';
import { meshAxios } from '../../src/axios.ts';
import { createMesh, type Mesh } from '../../src/index.ts';
import type { Competitor, Opening } from '../kit/competitor.ts';
import { bytes, lanes } from '../kit/measure.ts';

type Get = () => Promise<unknown>;

const TARGET = process.env.TARGET ?? '';
const SIDECAR = process.env.SIDECAR ?? '';
const PATH = '/orders/42';

/** Requests in so many lanes at once; counts their bytes instead when told how many. */
const getting = (get: Get): Competitor => ({
  round: ({ concurrency, ms, operations }) =>
    operations === undefined ? lanes(get, concurrency!, ms!) : bytes(get, operations),
});

function undiciRequest(origin: string): Get {
  const dispatcher = new Agent({ connections: 128 });
  return async () => {
    const { body } = await request(origin + PATH, { dispatcher });
    return body.json();
  };
}

/** The least that undici can do: a handler of our own, that keeps the chunks and nothing else. */
function poolDispatch(): Get {
  const pool = new Pool(TARGET, { connections: 128 });
  return () =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      const handler: Dispatcher.DispatchHandler = {
        onRequestStart() {},
        onResponseStart() {},
        onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve(JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString())),
        onResponseError: (_controller, error) => reject(error),
      };
      pool.dispatch({ path: PATH, method: 'GET' }, handler);
    });
}

const mesh = (): Promise<Mesh> => createMesh({ service: 'bench', registry: { fixed: { orders: [TARGET] } } });

async function meshRequest(): Promise<Get> {
  const calls = await mesh();
  return async () => {
    const { body } = await calls.request(`http://orders${PATH}`);
    return body.json();
  };
}

async function meshOverUndici(): Promise<Get> {
  const calls = await mesh();
  const dispatcher = new Agent({ connections: 128 });
  return async () => {
    const { body } = await calls.call('orders', ({ url, headers }) => request(url + PATH, { headers, dispatcher }));
    return body.json();
  };
}

async function meshFetch(): Promise<Get> {
  const calls = await mesh();
  return async () => (await calls.fetch(`http://orders${PATH}`)).json();
}

const globalFetch = (): Get => async () => (await fetch(TARGET + PATH)).json();

const keptAlive = (baseURL: string) =>
  axios.create({ baseURL, httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 128 }) });

function plainAxios(): Get {
  const client = keptAlive(TARGET);
  return async () => (await client.get(PATH)).data;
}

async function axiosOverMesh(): Promise<Get> {
  const client = meshAxios(await mesh(), axios.create({ baseURL: 'http://orders' }));
  return async () => (await client.get(PATH)).data;
}

/** What many put together: axios, axios-retry inside, opossum outside. */
function threeTogether(): Get {
  const client = keptAlive(TARGET);
  axiosRetry(client, { retries: 3, retryDelay: axiosRetry.exponentialDelay });
  const breaker = new CircuitBreaker(async () => (await client.get(PATH)).data, { timeout: 10_000 });
  return () => breaker.fire();
}

/** Everything that asks for 200 bytes of JSON, by the name it has in the table. */
export const competitors: Readonly<Record<string, Opening>> = {
  'undici.request': () => getting(undiciRequest(TARGET)),
  'undici.request, twin': () => getting(undiciRequest(TARGET)),
  'undici Pool.dispatch': () => getting(poolDispatch()),
  'mesh.request': async () => getting(await meshRequest()),
  'mesh.call + undici.request': async () => getting(await meshOverUndici()),
  'global fetch': () => getting(globalFetch()),
  'mesh.fetch': async () => getting(await meshFetch()),
  axios: () => getting(plainAxios()),
  meshAxios: async () => getting(await axiosOverMesh()),
  'axios + axios-retry + opossum': () => getting(threeTogether()),
  'undici.request through nginx': () => getting(undiciRequest(SIDECAR)),
};
