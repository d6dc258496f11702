import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Live } from '../core/live.ts';
import { constant } from '../discovery/constant.ts';
import { checkInstance } from '../discovery/instance.ts';
import { isServiceName } from '../discovery/names.ts';
import type { Announcement, Instance, Registry, RegistrySession, Resolving } from '../discovery/registry.ts';
import { acls } from './acl.ts';
import { parseAddress } from './address.ts';
import { orAbsent } from './errors.ts';
import { Hold } from './hold.ts';
import { exists, getChildren } from './operations.ts';
import { readSettings, type ZookeeperOptions } from './options.ts';
import { Registration } from './registration.ts';
import { ServiceWatch } from './service-watch.ts';
import { Session } from './session.ts';
import { Snapshot } from './snapshot.ts';
import { folderOf, type Tree } from './tree.ts';

/**
 * A registry in a ZooKeeper ensemble, in the format of Curator's service discovery: Java services on Curator, Spring
 * Cloud and Dubbo are seen, and see us. Connects by itself, now and whenever it has to, until it is closed; being
 * connected does not keep the process alive.
 * @param url `zookeeper://user:password@h1:2181,h2:2181/chroot?sessionTimeout=10s`
 * @throws MeshError INVALID_ARGUMENT when the URL or an option is not as it must be. It holds no secret.
 */
export function zookeeperRegistry(url: string, options: ZookeeperOptions, env: Env): Registry {
  const { servers, chroot, digest, name, query } = parseAddress(url);
  const settings = readSettings(query, options);
  const { sessionTimeoutMs, connectTimeoutMs, holdMs, spreadMs, root, payload, acl, tls } = settings;
  const snapshot = settings.snapshot === undefined ? undefined : new Snapshot(settings.snapshot, `${name}${root}`, env);
  const session = new Session({ servers, chroot, digest, name, tls, timeoutMs: sessionTimeoutMs }, env);
  session.state.watch(({ is }) => snapshot?.holds(is === 'connected'));
  return new ZookeeperRegistry(name, {
    ...{ session, env, holdMs, spreadMs, snapshot, form: payload, acl: acls[acl] },
    ...{ root, joinMs: connectTimeoutMs },
  });
}

class ZookeeperRegistry implements Registry {
  readonly name: string;
  readonly #tree: Tree;
  readonly #hold: Hold;
  readonly #watches = new Set<ServiceWatch>();
  readonly #registrations = new Map<string, Registration>(); // by their paths
  #closing: Promise<void> | undefined;

  constructor(name: string, tree: Tree) {
    this.name = name;
    this.#tree = tree;
    this.#hold = new Hold(tree.env.clock);
  }

  get session(): Live<RegistrySession> {
    return this.#tree.session.state;
  }

  resolve(service: string): Resolving {
    if (this.#closing !== undefined) return constant({ is: 'pending' });
    if (!isServiceName(service)) return constant({ is: 'unknown' });
    const watch = new ServiceWatch(this.#tree, service, () => this.#watches.delete(watch));
    this.#watches.add(watch);
    return watch;
  }

  async announce(instance: Instance): Promise<Announcement> {
    const checked = checkInstance(instance);
    const { service, id } = checked;
    this.#mustBeOpen();
    const path = `${folderOf(this.#tree, service)}/${id}`;
    const before = this.#registrations.get(path);
    if (before !== undefined && !before.leaving) {
      throw new MeshError('registry', `${service}: this process is listed as '${id}' already`, { service });
    }
    before?.abandon(); // what it still had to see to is ours now
    const registration = new Registration(checked, path, this.#tree, () => {
      if (this.#registrations.get(path) === registration) this.#registrations.delete(path);
    });
    this.#registrations.set(path, registration);
    return this.#hold.while(registration.join());
  }

  async services(): Promise<readonly string[]> {
    this.#mustBeOpen();
    return this.#hold.while(this.#services());
  }

  close(): Promise<void> {
    this.#closing ??= this.#hold.while(this.#end());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #services(): Promise<readonly string[]> {
    const { session, joinMs, root } = this.#tree;
    try {
      await session.ready(joinMs);
      const listed = await orAbsent(session.ask(getChildren(root)));
      const names = (listed?.children ?? []).filter(isServiceName);
      const stats = await Promise.all(names.map((name) => orAbsent(session.ask(exists(folderOf(this.#tree, name))))));
      return names.filter((_, at) => (stats[at]?.numChildren ?? 0) > 0).sort();
    } catch (error) {
      const why = (error as Error).message;
      throw new MeshError('registry', `${this.name}: the services can not be listed: ${why}`, { cause: error });
    }
  }

  async #end(): Promise<void> {
    await Promise.all([
      ...[...this.#registrations.values()].map((registration) => registration.close()),
      ...[...this.#watches].map((watch) => watch[Symbol.asyncDispose]()),
    ]);
    for (const registration of [...this.#registrations.values()]) registration.abandon();
    await Promise.all([this.#tree.session.close(), this.#tree.snapshot?.close()]);
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) throw new MeshError('closed', `${this.name} has been closed`);
  }
}
