import { readFields, type WireField } from './protobuf.ts';

/** How loaded the server that answered says it is: what of ORCA's load report is of use for weights. */
export interface OrcaReport {
  /** Processor time used, as a share of what there is; may be above 1. */
  readonly cpuUtilization?: number;
  readonly memUtilization?: number;
  /** What the application itself says it is used to; counts before the processor. */
  readonly applicationUtilization?: number;
  /** Requests a second. */
  readonly rps?: number;
  /** Errors a second. */
  readonly eps?: number;
  /** Other shares and figures by name. */
  readonly utilization?: Readonly<Record<string, number>>;
  readonly named?: Readonly<Record<string, number>>;
}

/** The header, or trailer, that carries a report in text. */
export const ORCA_HEADER = 'endpoint-load-metrics';

/** The one that carries it as an `xds.data.orca.v3.OrcaLoadReport`, as gRPC servers send it. */
export const ORCA_BINARY_HEADER = 'endpoint-load-metrics-bin';

const LONGEST = 4_096; // characters of a report
const MOST = 32; // figures of one map

/** Where each figure stands in the report's JSON and text, and what it must be. */
const FIGURES = {
  cpu_utilization: ['cpuUtilization', Number.MAX_VALUE],
  mem_utilization: ['memUtilization', 1],
  application_utilization: ['applicationUtilization', Number.MAX_VALUE],
  rps_fractional: ['rps', Number.MAX_VALUE],
  eps: ['eps', Number.MAX_VALUE],
} as const;

const MAPS = { utilization: ['utilization', 1], named_metrics: ['named', Number.MAX_VALUE] } as const;

type Draft = { -readonly [K in keyof OrcaReport]: OrcaReport[K] };

/** The load report of an answer, whose headers `get` tells: in binary where it is there, else in text. */
export function readOrca(get: (name: string) => string | undefined): OrcaReport | undefined {
  const binary = get(ORCA_BINARY_HEADER);
  return binary === undefined ? parseOrca(get(ORCA_HEADER)) : parseBinaryOrca(binary);
}

/**
 * Reads a load report: `JSON {"cpu_utilization":0.3}` or `TEXT cpu_utilization=0.3,named_metrics.queue=4`, or `BIN ` and
 * what the binary header would be. Nothing when it is none of these, too long, or has a figure that is none: a report is believed whole or not at all.
 */
export function parseOrca(header: string | undefined): OrcaReport | undefined {
  if (header === undefined || header.length > LONGEST) return undefined;
  if (header.startsWith('BIN ')) return parseBinaryOrca(header.slice(4));
  const pairs = header.startsWith('JSON ')
    ? ofJson(header.slice(5))
    : header.startsWith('TEXT ')
      ? ofText(header.slice(5))
      : undefined;
  return pairs && reportOf(pairs);
}

/** Reads a load report in Protocol Buffers and base64, padded or not. Nothing when it is not as it must be. */
export function parseBinaryOrca(base64: string): OrcaReport | undefined {
  if (base64.length > LONGEST || !BASE64.test(base64)) return undefined;
  const fields = readFields(bytesOf(base64), FIELDS);
  const pairs = fields && ofFields(fields);
  return pairs && reportOf(pairs);
}

/** Writes a load report in the form that is the shortest to read: `TEXT cpu_utilization=0.3,eps=1`. */
export function formatOrca(report: OrcaReport): string {
  const figures = Object.entries(FIGURES).flatMap(([name, [key]]) => pair(name, report[key]));
  const maps = Object.entries(MAPS).flatMap(([name, [key]]) =>
    Object.entries(report[key] ?? {}).flatMap(([own, value]) => (NAME.test(own) ? pair(`${name}.${own}`, value) : [])),
  );
  return `TEXT ${[...figures, ...maps].join(',')}`;
}

/** Six digits say all that a weight needs. */
const pair = (name: string, value: number | undefined): string[] =>
  value !== undefined && Number.isFinite(value) && value >= 0 ? [`${name}=${Number(value.toPrecision(6))}`] : [];

type Pair = readonly [name: string, value: unknown];

const NAME = /^[A-Za-z0-9_.:/-]{1,64}$/;
const NUMBER = /^(?:\d{1,15}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?$/;

function ofText(text: string): readonly Pair[] | undefined {
  const pairs: Pair[] = [];
  for (const part of text.split(',')) {
    const at = part.indexOf('=');
    const value = part.slice(at + 1).trim();
    if (at < 1 || !NUMBER.test(value)) return undefined;
    pairs.push([part.slice(0, at).trim(), Number(value)]);
  }
  return pairs;
}

function ofJson(json: string): readonly Pair[] | undefined {
  const parsed = parsedJson(json);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  return Object.entries(parsed).flatMap(([name, value]): readonly Pair[] =>
    Object.hasOwn(MAPS, name) && typeof value === 'object' && value !== null
      ? Object.entries(value).map(([own, figure]) => [`${name}.${own}`, figure])
      : [[name, value]],
  );
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const FIELDS = 256; // of one message

/** Only ASCII makes a name, so what the bytes beyond it mean does not matter. */
const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** The numbers of the fields of OrcaLoadReport (cncf/xds, `orca_load_report.proto`). */
const DOUBLES: Readonly<Record<number, string>> = {
  1: 'cpu_utilization',
  2: 'mem_utilization',
  6: 'rps_fractional',
  7: 'eps',
  9: 'application_utilization',
};
const OLD_RPS = 3; // a whole number, before there was rps_fractional
const MAPS_BY_NUMBER: Readonly<Record<number, string>> = { 5: 'utilization', 8: 'named_metrics' };

/** As Protocol Buffers have it: of what stands there twice the last counts, and fields that are not known are passed over. */
function ofFields(fields: readonly WireField[]): readonly Pair[] | undefined {
  const pairs = new Map<string, number>();
  let oldRps: number | undefined;
  for (const field of fields) {
    const [double, map] = [DOUBLES[field.number], MAPS_BY_NUMBER[field.number]];
    if (double !== undefined) {
      if (field.is !== 'double') return undefined;
      pairs.set(double, field.value);
    } else if (map !== undefined) {
      const entry = field.is === 'bytes' ? entryOf(field.value) : undefined;
      if (entry === undefined) return undefined;
      pairs.set(`${map}.${entry[0]}`, entry[1]);
    } else if (field.number === OLD_RPS) {
      if (field.is !== 'varint') return undefined;
      oldRps = field.value;
    }
  }
  if (oldRps !== undefined && !pairs.has('rps_fractional')) pairs.set('rps_fractional', oldRps);
  return [...pairs];
}

/** An entry of a map from text to double: a message of both, where what is left out is empty and 0. */
function entryOf(bytes: Uint8Array): readonly [name: string, value: number] | undefined {
  let [name, value] = ['', 0];
  const fields = readFields(bytes, FIELDS);
  for (const field of fields ?? []) {
    if (field.number === 1 && field.is === 'bytes') name = latin1(field.value);
    else if (field.number === 2 && field.is === 'double') value = field.value;
    else if (field.number <= 2) return undefined;
  }
  return fields && [name, value];
}

function reportOf(pairs: readonly Pair[]): OrcaReport | undefined {
  const report: Draft = {};
  for (const [name, value] of pairs) if (!note(report, name, value)) return undefined;
  return report;
}

/** Notes a figure; those that there are besides are passed over. False when it is not as it must be. */
function note(report: Draft, name: string, value: unknown): boolean {
  if (Object.hasOwn(FIGURES, name)) {
    const [key, most] = FIGURES[name as keyof typeof FIGURES];
    if (report[key] !== undefined || !isFigure(value, most)) return false;
    report[key] = value;
    return true;
  }
  const dot = name.indexOf('.');
  const map = name.slice(0, Math.max(0, dot));
  if (!Object.hasOwn(MAPS, map)) return true;
  const [key, most] = MAPS[map as keyof typeof MAPS];
  const own = name.slice(dot + 1);
  if (!NAME.test(own) || own === '__proto__' || !isFigure(value, most)) return false;
  const figures = report[key] ?? {};
  if (Object.hasOwn(figures, own) || Object.keys(figures).length >= MOST) return false;
  report[key] = { ...figures, [own]: value };
  return true;
}

const isFigure = (value: unknown, most: number): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= most;
