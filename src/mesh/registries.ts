import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import { fixedRegistry } from '../discovery/fixed.ts';
import type { Registry } from '../discovery/registry.ts';
import type { MeshOptions } from './options.ts';

/** Opens what stands behind a scheme; each is loaded only when it is asked for. */
const schemes: Readonly<Record<string, (url: string, env: Env) => Promise<Registry>>> = {
  'local:': async (url, env) => (await import('../local/registry.ts')).localRegistry(url, env),
  'zookeeper:': async (url, env) => (await import('../zookeeper/registry.ts')).zookeeperRegistry(url, {}, env),
};

/** Opens the registry that the options name. @throws MeshError INVALID_ARGUMENT when its scheme is not known. */
export async function openRegistry(option: MeshOptions['registry'], env: Env): Promise<Registry> {
  if (typeof option === 'string') {
    const scheme = /^[a-z][a-z0-9+.-]*:/.exec(option)?.[0] ?? '';
    if (Object.hasOwn(schemes, scheme)) return schemes[scheme]!(option, env);
    const there = Object.keys(schemes).join(', ');
    throw new MeshError(
      'request',
      `registry: no such scheme '${scheme}' in '${withoutSecret(option)}'; there are ${there}`,
    );
  }
  if ('fixed' in option) return fixedRegistry(option.fixed);
  if (typeof option.resolve === 'function' && typeof option.announce === 'function') return option;
  throw new MeshError(
    'request',
    `registry: an object must be { fixed } or have resolve and announce, as a Registry has`,
  );
}

/** The address as people may see it. */
const withoutSecret = (url: string): string => url.replace(/^([^:/?#]*:\/\/)?.*@/s, '$1***@').slice(0, 200);
