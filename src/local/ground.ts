import { join } from 'node:path';
import type { Env } from '../core/env.ts';
import type { FolderWatch, WatchFolder } from './folder-watch.ts';
import type { Machine } from './machine.ts';
import type { RecordFiles } from './record-files.ts';

/** What the parts of one local registry share. */
export interface Ground {
  readonly root: string;
  readonly env: Env;
  readonly machine: Machine;
  readonly files: RecordFiles;
  readonly watch: WatchFolder;
  /** Records of one service that are read, at most. */
  readonly mostFiles: number;
  /** Hears of services that come. */
  readonly rootWatch: FolderWatch;
}

/** Where the records of a service are. */
export const folderIn = ({ root }: Ground, service: string): string => join(root, service);
