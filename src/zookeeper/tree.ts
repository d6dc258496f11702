import type { Env } from '../core/env.ts';
import type { PayloadForm } from '../wire/record.ts';
import { isCode, ZookeeperError } from './errors.ts';
import { type Acl, create } from './operations.ts';
import { parentOf } from './paths.ts';
import type { Session } from './session.ts';
import type { Snapshot } from './snapshot.ts';

/** What the parts of one registry share. */
export interface Tree {
  readonly session: Session;
  readonly env: Env;
  /** Where the services are: `/services`. */
  readonly root: string;
  readonly form: PayloadForm;
  readonly acl: readonly Acl[];
  /** How long joining may take. */
  readonly joinMs: number;
  /** How long an instance that went without a word is kept. */
  readonly holdMs: number;
  /** How long one that leaves says so before it goes. */
  readonly spreadMs: number;
  /** What was known before this process started. */
  readonly snapshot: Snapshot | undefined;
}

/** Where the instances of a service are. */
export const folderOf = ({ root }: Tree, service: string): string => `${root}/${service}`;

const EMPTY = Buffer.alloc(0);

/**
 * Makes a node and all above it that are missing, as containers: the server takes those away again when they have been
 * empty for a while. Servers before 3.5 have none; there they stay.
 * @throws ZookeeperError NO_CHROOT when it is the chroot that is missing, which is not ours to make.
 */
export async function makeContainers(tree: Tree, path: string): Promise<void> {
  const { session, acl } = tree;
  const kind = session.lacks.has('container') ? 'persistent' : 'container';
  try {
    await session.ask(create(path, EMPTY, acl, kind));
  } catch (error) {
    if (isCode(error, 'NODE_EXISTS')) return;
    if (isCode(error, 'UNIMPLEMENTED')) session.lacks.add('container'); // and it hangs up; the next connection knows
    if (!isCode(error, 'NO_NODE')) throw error;
    const parent = parentOf(path);
    if (parent === '/') {
      const { chroot, name } = session.options;
      throw new ZookeeperError('NO_CHROOT', `${chroot} is not there; make it first, or leave it out of ${name}`);
    }
    await makeContainers(tree, parent);
    await makeContainers(tree, path);
  }
}
