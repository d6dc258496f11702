import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../core/env.ts';
import { MeshError } from '../core/errors.ts';
import type { Cancel } from '../core/live.ts';
import { constant } from '../discovery/constant.ts';
import { checkInstance } from '../discovery/instance.ts';
import { isServiceName } from '../discovery/names.ts';
import type { Announcement, Instance, Registry, Resolving } from '../discovery/registry.ts';
import { LocalAnnouncement } from './announcement.ts';
import { onExit } from './exit.ts';
import { folderOf, openFolder } from './folder.ts';
import { FolderWatch, type WatchFolder, watchFolder } from './folder-watch.ts';
import type { Ground } from './ground.ts';
import { type Machine, thisMachine } from './machine.ts';
import { idIn, RecordFiles } from './record-files.ts';
import { ServiceWatch } from './service-watch.ts';

/** What a test may put in the place of the system. */
export interface LocalParts {
  readonly machine?: Machine;
  readonly watch?: WatchFolder;
  readonly mostFiles?: number;
}

const MOST_FILES = 10_000;

/**
 * A registry that is a folder, for the processes of one machine: a file for each instance, in the format of Curator's
 * records. `local:` is the user's own folder, `local:///a/folder` another.
 * @throws MeshError when the URL is neither, or the folder is not safe to use.
 */
export function localRegistry(url: string, env: Env, parts: LocalParts = {}): Registry {
  const root = folderOf(url);
  openFolder(root);
  return new LocalRegistry(root, env, parts);
}

class LocalRegistry implements Registry {
  readonly name: string;
  readonly host = '127.0.0.1'; // whoever reads the folder is on the same machine
  readonly #ground: Ground;
  readonly #watches = new Map<ServiceWatch, string>();
  readonly #announcements = new Map<LocalAnnouncement, Cancel>();
  #closing: Promise<void> | undefined;

  constructor(root: string, env: Env, parts: LocalParts) {
    const { machine = thisMachine(), watch = watchFolder, mostFiles = MOST_FILES } = parts;
    this.name = `local://${root}`;
    const rootWatch = new FolderWatch(root, watch, (service) => this.#wake(service));
    this.#ground = { root, env, machine, watch, files: new RecordFiles(root, env), rootWatch, mostFiles };
  }

  resolve(service: string): Resolving {
    if (this.#closing !== undefined) return constant({ is: 'pending' });
    if (!isServiceName(service)) return constant({ is: 'unknown' }); // nor is there a folder for it, here or elsewhere
    const watch = new ServiceWatch(this.#ground, service, () => this.#watches.delete(watch));
    this.#watches.set(watch, service);
    return watch;
  }

  async announce(instance: Instance): Promise<Announcement> {
    const checked = checkInstance(instance);
    if (this.#closing !== undefined) throw new MeshError('closed', `${this.name} has been closed`);
    const announcement = new LocalAnnouncement(checked, this.#ground, () => this.#forget(announcement));
    this.#announcements.set(
      announcement,
      onExit(() => announcement.leaveNow()),
    );
    try {
      return await announcement.join();
    } catch (error) {
      this.#forget(announcement);
      throw error;
    }
  }

  async services(): Promise<readonly string[]> {
    const { root } = this.#ground;
    const entries = await readdir(root, { withFileTypes: true }).catch((cause: Error) => {
      throw new MeshError('registry', `${this.name} can not be read: ${cause.message}`, { cause });
    });
    const names = entries.filter((entry) => entry.isDirectory() && isServiceName(entry.name)).map(({ name }) => name);
    const records = await Promise.all(names.map((name) => readdir(join(root, name)).catch(() => [])));
    return names.filter((_, at) => records[at]!.some((fileName) => idIn(fileName) !== undefined)).sort();
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    await Promise.all([
      ...[...this.#announcements.keys()].map((announcement) => announcement.close()),
      ...[...this.#watches.keys()].map((watch) => watch[Symbol.asyncDispose]()),
    ]);
    this.#ground.rootWatch.close();
  }

  #forget(announcement: LocalAnnouncement): void {
    this.#announcements.get(announcement)?.();
    this.#announcements.delete(announcement);
  }

  #wake(service: string | null): void {
    for (const [watch, name] of this.#watches) if (service === null || service === name) watch.wake();
  }
}
