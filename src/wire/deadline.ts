/** How the time that is left travels: Envoy's header in milliseconds, gRPC's with a unit. Both are relative. */
export const ENVOY_TIMEOUT = 'x-envoy-expected-rq-timeout-ms';
export const GRPC_TIMEOUT = 'grpc-timeout';
/** Finagle's header has the moment itself, by the clock of whoever wrote it. */
export const FINAGLE_DEADLINE = 'finagle-ctx-com.twitter.finagle.deadline';

const LONGEST_MS = 24 * 3_600_000; // a peer that allows more has no deadline to speak of
const GRPC_UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds left, as the request says; the shorter when both headers stand. Undefined when neither can be read. */
export function parseTimeLeft(envoy: string | undefined, grpc: string | undefined): number | undefined {
  const one = envoy === undefined ? undefined : parseEnvoyTimeout(envoy);
  const other = grpc === undefined ? undefined : parseGrpcTimeout(grpc);
  return one === undefined ? other : other === undefined ? one : Math.min(one, other);
}

/** Envoy's: a whole number of milliseconds; 0 means that there is no limit. */
function parseEnvoyTimeout(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const ms = Number(text);
  return ms === 0 ? undefined : Math.min(ms, LONGEST_MS);
}

/** gRPC's: at most 8 digits and a unit; 0 means that the time is up. */
function parseGrpcTimeout(text: string): number | undefined {
  const [, amount, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  return amount === undefined ? undefined : Math.min(Number(amount) * GRPC_UNITS[unit!]!, LONGEST_MS);
}

/** Rounded down, so that nobody believes to have more than is left; but never to 0, which would mean no limit. */
export const formatEnvoyTimeout = (ms: number): string => String(Math.max(1, Math.floor(ms)));

/** In the finest unit that fits 8 digits. */
export function formatGrpcTimeout(ms: number): string {
  const whole = Math.max(1, Math.floor(ms));
  return whole < 1e8 ? `${whole}m` : `${Math.floor(whole / 1_000)}S`;
}

/** Milliseconds left by Finagle's header, at most 0 when the moment is past; undefined when it can not be read. */
export function parseFinagleDeadline(text: string | undefined, epoch: number): number | undefined {
  if (text === undefined) return undefined;
  const [, nanoseconds] = /^\d{1,19} (\d{1,19})$/.exec(text) ?? [];
  if (nanoseconds === undefined) return undefined;
  return Math.min(Number(BigInt(nanoseconds) / 1_000n) / 1_000 - epoch, LONGEST_MS); // beyond what a double can count
}
