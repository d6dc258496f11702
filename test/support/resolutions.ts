import assert from 'node:assert/strict';
import type { Endpoint } from '../../src/core/endpoint.ts';
import { MeshError } from '../../src/core/errors.ts';
import type { Resolution } from '../../src/core/resolution.ts';
import type { Instance, Resolving } from '../../src/discovery/registry.ts';

type Bound = Extract<Resolution, { is: 'bound' }>;
type Stale = Extract<Resolution, { is: 'stale' }>;

export const isBound = (value: Resolution): value is Bound => value.is === 'bound';
export const isStale = (value: Resolution): value is Stale => value.is === 'stale';

/** Whether the list is good, and of these ids; or of so many. */
export const isBoundTo =
  (...ids: readonly string[] | readonly [number]) =>
  (value: Resolution): value is Bound =>
    value.is === 'bound' &&
    (typeof ids[0] === 'number' ? value.endpoints.length === ids[0] : String(idsOf(value)) === String(ids));

/** Whether the list is good, and has an endpoint of that id of which `holds` is true. */
export const has =
  (id: string, holds: (endpoint: Endpoint) => boolean) =>
  (value: Resolution): value is Bound =>
    value.is === 'bound' && value.endpoints.some((endpoint) => endpoint.id === id && holds(endpoint));

export const idsOf = (value: Resolution): readonly string[] =>
  'endpoints' in value ? value.endpoints.map(({ id }) => id) : [];

/** Every value from now on, the first one included. */
export function everyValue(resolving: Resolving): readonly Resolution[] {
  const heard: Resolution[] = [];
  resolving.watch((value) => heard.push(value));
  return heard;
}

/** An instance of `orders`. */
export const anInstance = (id: string, more: Partial<Instance> = {}): Instance => ({
  service: 'orders',
  id,
  host: '10.0.0.5',
  port: 3001,
  secure: false,
  weight: 1,
  zone: '',
  metadata: {},
  ...more,
});

/** Fails unless it is refused by the mesh for this reason. */
export const refusedFor = (reason: string, asked: Promise<unknown>): Promise<void> =>
  assert.rejects(asked, (error) => MeshError.is(error) && error.reason === reason);
