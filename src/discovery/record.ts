import { type Endpoint, endpoint } from '../core/endpoint.ts';
import { type InstanceRecord, type NewRecord, RecordProblem } from '../wire/record.ts';
import { HEAVIEST, INTERNAL } from './instance.ts';
import type { Instance } from './registry.ts';

/**
 * The record that tells of an instance. `internal` is what its registry must know of it besides, and nobody is shown.
 * Spring takes a weight of 0 for 1, but keeps away from what is not UP: so weight 0 is also told as a status.
 */
export function recordOf(
  instance: Instance,
  registeredAt: number,
  internal: Readonly<Record<string, string>> = {},
): NewRecord {
  const weight = Math.round(instance.weight * 1e6) / 1e6; // so that it is written without an exponent
  return {
    name: instance.service,
    id: instance.id,
    address: instance.host,
    port: instance.port,
    sslPort: instance.secure ? instance.port : null,
    metadata: {
      instance_status: 'UP',
      ...(instance.zone !== '' && { zone: instance.zone }),
      ...(weight !== 1 && { weight: String(weight) }), // what all take it for where nobody says
      ...instance.metadata,
      ...(weight === 0 && { instance_status: 'OUT_OF_SERVICE' }),
      ...internal,
    },
    registeredAt,
  };
}

/** The instance that a record tells of. */
export function instanceOf(record: InstanceRecord): Instance {
  const { secure, port } = whereOf(record);
  return Object.freeze({
    service: record.name,
    id: record.id,
    host: record.address,
    port,
    secure,
    weight: weightOf(record),
    zone: record.metadata.zone ?? '',
    metadata: shown(record.metadata),
  });
}

/** The endpoint that a record tells of. @throws RecordProblem when no URL can be made of it. */
export function endpointOf(record: InstanceRecord): Endpoint {
  const { id, service, host, port, secure, weight, zone, metadata } = instanceOf(record);
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  try {
    return endpoint(`${secure ? 'https' : 'http'}://${authority}`, { id, weight, zone, metadata });
  } catch {
    throw new RecordProblem(`${service}: no URL can be made of ${authority}`);
  }
}

/** As Spring does: https where there is a port for it. */
function whereOf({ port, sslPort }: InstanceRecord): { secure: boolean; port: number } {
  return sslPort === null ? { secure: false, port: port! } : { secure: true, port: sslPort };
}

/** 0 for what is out of use: switched off, or of a status other than UP, which is what Spring goes by. */
function weightOf({ enabled, metadata }: InstanceRecord): number {
  const status = (metadata.instance_status ?? '').trim();
  if (!enabled || (status !== '' && status.toUpperCase() !== 'UP')) return 0;
  const text = (metadata.weight ?? '').trim();
  return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Math.min(Number(text), HEAVIEST) : 1;
}

const TOLD_APART = new Set(['weight', 'zone']); // these have a field of their own

function shown(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(metadata).filter(
    ([key, value]) =>
      !TOLD_APART.has(key) && !key.startsWith(INTERNAL) && !(key === 'instance_status' && value.toUpperCase() === 'UP'),
  );
  return Object.freeze(Object.fromEntries(entries));
}
