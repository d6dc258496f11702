import type { Resolution } from '../core/resolution.ts';
import type { Resolving } from './registry.ts';

/** A resolution that will not change. */
export const constant = (value: Resolution): Resolving => ({
  value,
  watch(watcher) {
    watcher(value);
    return () => {};
  },
  async [Symbol.asyncDispose]() {},
});
