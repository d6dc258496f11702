import { MeshError } from '../core/errors.ts';
import { show } from '../policy/read.ts';

/** What `close` may be told. */
export interface CloseOptions {
  /**
   * Milliseconds that others have to hear that we are leaving, where this process is listed; 1 000 unless told. Until
   * they are over, we serve and call as ever.
   */
  readonly drainMs?: number | undefined;
  /**
   * Milliseconds for what is to be done before the end (`onClose`) and for calls under way to finish; 10 000 unless
   * told. Then they are called off.
   */
  readonly timeoutMs?: number | undefined;
}

/** How long the parts of a close may take, in milliseconds. */
export interface CloseTimes {
  readonly drainMs: number;
  readonly timeoutMs: number;
}

const KEYS: readonly (keyof CloseOptions)[] = ['drainMs', 'timeoutMs'];

/** @throws MeshError INVALID_ARGUMENT when an option is not as it must be. */
export function readClose(options: unknown, where = 'close'): CloseTimes {
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `${where}: options must be an object with ${KEYS.join(', ')}`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!KEYS.includes(key as keyof CloseOptions)) {
      throw new MeshError('request', `${where}: no such option '${key}'; there are ${KEYS.join(', ')}`);
    }
    if (value !== undefined && !(typeof value === 'number' && value >= 0)) {
      throw new MeshError('request', `${where}: ${key} must be a number of at least 0, got ${show(value)}`);
    }
  }
  const { drainMs = 1_000, timeoutMs = 10_000 } = options as CloseOptions;
  return { drainMs, timeoutMs };
}
