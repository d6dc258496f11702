import { errorOf, isCode, orAbsent } from './errors.ts';
import { addWatch, create, exists, multi, remove, removeWatches, type Stat, setData } from './operations.ts';
import { parentOf } from './paths.ts';
import { makeContainers, type Tree } from './tree.ts';

const NOT_TRIED = -2; // what a server says of the steps after the one that failed
const MOVED = ['NO_NODE', 'BAD_VERSION', 'NODE_EXISTS'];

/** How a look at the node ended. `again`: something moved meanwhile. */
export type Look = 'as wanted' | 'again' | 'conflict';

/** The node of one instance: knows what is wanted of it, looks at what is, and does what is between. */
export class InstanceNode {
  readonly path: string;
  readonly #tree: Tree;
  #data: Buffer;
  #unsaid = true; // whether what is there may say something else
  #watched = false; // whether the server tells this connection of what happens to the node
  #abandoned = false;
  wanted = true;

  constructor(tree: Tree, path: string, data: Buffer) {
    this.#tree = tree;
    this.path = path;
    this.#data = data;
  }

  /** What the node shall say from now on. */
  set data(data: Buffer) {
    this.#data = data;
    this.#unsaid = true;
  }

  /** Whether the node says what it shall, for all we know. */
  get said(): boolean {
    return !this.#unsaid;
  }

  /** The watch on the node is gone: with its connection, or because it told. */
  unwatched(): void {
    this.#watched = false;
  }

  /** Whether nobody sees to it from here any more. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** Lets go of the node as it is; the server need not tell of it any more. */
  abandon(): void {
    this.#abandoned = true;
    if (!this.#watched) return;
    this.#watched = false;
    this.#tree.session.ask(removeWatches(this.path)).catch(() => {}); // it goes with the connection at the latest
  }

  /**
   * Looks, and does what is to be done: nothing when the node is ours and says what it should.
   * @throws ZookeeperError when nobody can be asked, or the answer is no.
   */
  async look(): Promise<Look> {
    const { session } = this.#tree;
    await this.#watch();
    const stat = await orAbsent(session.ask(exists(this.path, session.lacks.has('addWatch'))));
    if (this.#abandoned) return 'as wanted';
    const mine = stat !== undefined && stat.ephemeralOwner === session.id;
    const leftover = stat !== undefined && session.wasOurs(stat.ephemeralOwner);
    if (!this.wanted) return mine || leftover ? this.#remove(stat) : 'as wanted';
    if (stat === undefined) return this.#create();
    if (leftover) return this.#takeOver(stat);
    if (!mine) return 'conflict';
    return this.#unsaid ? this.#tell(stat) : 'as wanted';
  }

  /** Asks, once for each connection, to be told when somebody touches the node. */
  async #watch(): Promise<void> {
    const { session } = this.#tree;
    if (this.#watched || session.lacks.has('addWatch')) return;
    try {
      await session.ask(addWatch(this.path, false));
      this.#watched = true;
    } catch (error) {
      if (isCode(error, 'UNIMPLEMENTED')) session.lacks.add('addWatch'); // it hangs up; the next connection knows
      throw error;
    }
  }

  async #create(): Promise<Look> {
    const { session, acl } = this.#tree;
    const data = this.#data;
    try {
      await session.ask(create(this.path, data, acl, 'ephemeral'));
    } catch (error) {
      if (isCode(error, 'NO_NODE')) await makeContainers(this.#tree, parentOf(this.path));
      else if (!isCode(error, 'NODE_EXISTS')) throw error;
      return 'again';
    }
    return this.#told(data);
  }

  /** Replaces what an earlier session of ours left, so that no watcher ever sees it missing. */
  async #takeOver(stat: Stat): Promise<Look> {
    const { session, acl } = this.#tree;
    const [path, data] = [this.path, this.#data];
    const errors = await session.ask(
      multi([
        { is: 'delete', path, version: stat.version },
        { is: 'create', path, data, acl, kind: 'ephemeral' },
      ]),
    );
    const failure = errors.find((error) => error !== 0 && error !== NOT_TRIED);
    if (failure === undefined) return this.#told(data);
    const error = errorOf(failure, `replace ${path}`);
    if (MOVED.some((code) => isCode(error, code))) return 'again'; // somebody was faster
    throw error;
  }

  async #tell(stat: Stat): Promise<Look> {
    const data = this.#data;
    try {
      await this.#tree.session.ask(setData(this.path, data, stat.version));
    } catch (error) {
      if (isCode(error, 'BAD_VERSION') || isCode(error, 'NO_NODE')) return 'again';
      throw error;
    }
    return this.#told(data);
  }

  async #remove(stat: Stat): Promise<Look> {
    try {
      await this.#tree.session.ask(remove(this.path, stat.version));
    } catch (error) {
      if (isCode(error, 'BAD_VERSION')) return 'again';
      if (!isCode(error, 'NO_NODE')) throw error;
    }
    return 'as wanted';
  }

  #told(data: Buffer): Look {
    this.#unsaid = data !== this.#data;
    return this.#unsaid ? 'again' : 'as wanted';
  }
}
