import type { Stat } from './operations.ts';
import type { Up } from './session-state.ts';

const NEVER = -1n;

/**
 * What is known of the folder of a service: whether it is there, which one it is, and when somebody last came to it or
 * went. After the history of the tree may have begun anew its numbers alone do not tell which it is: those of a new
 * history may be those of the old one. The moment when it was made does.
 */
export class FolderState {
  #made: Pick<Stat, 'czxid' | 'ctime'> | undefined;
  #doubted = false; // whether it may be another
  #pzxid: bigint | undefined; // when, for all we know, an instance last came or went
  #asOf = NEVER; // up to which moment of the ensemble's history all was told
  #complete = false; // whether all is told by this connection
  #there = false;
  /** Whether somebody came or went since the folder itself was last looked at. */
  moved = false;

  /** Whether it is there. */
  get there(): boolean {
    return this.#there;
  }

  /** By what it is known again. */
  get mark(): string | undefined {
    return this.#made && `${this.#made.czxid} ${this.#made.ctime}`;
  }

  /**
   * A new connection is up: what happened meanwhile was not told. Where the session is another, too, its history may be:
   * a tree that was wiped, and has come further than the old one had, knows nothing of our session either.
   */
  up({ resumed, knownTo }: Up): void {
    if (!resumed) {
      this.#doubted = true;
      this.#asOf = NEVER;
    } else if (this.#complete) this.#asOf = knownTo;
    this.#complete = false;
  }

  /** All that happens from now on is told, and what is left to do is noted. Says whether nothing happened meanwhile. */
  isCaughtUp(zxid: bigint): boolean {
    this.#complete = true;
    return zxid === this.#asOf;
  }

  /** Whether the folder that is there now, if one is, is in doubt and another than the one we knew. */
  isAnother(stat: Stat | undefined): boolean {
    const isKnown = stat !== undefined && stat.czxid === this.#made?.czxid && stat.ctime === this.#made.ctime;
    const isAnother = this.#doubted && !isKnown && this.#there;
    this.#doubted = false;
    if (isAnother) this.#pzxid = undefined;
    return isAnother;
  }

  /** Whether somebody came or went of whom we were not told. */
  hasMoved({ pzxid }: Stat): boolean {
    return pzxid !== this.#pzxid;
  }

  /** All who are in it were told. */
  listed({ czxid, ctime, pzxid }: Stat): void {
    this.#there = true;
    this.#made = { czxid, ctime };
    this.#pzxid = pzxid;
  }

  /** Somebody is new. They came when they were created, unless somebody went since; then `moved` is set. */
  joined(czxid: bigint): void {
    if (this.#pzxid !== undefined && czxid > this.#pzxid) this.#pzxid = czxid;
  }

  /** It was looked at, and nobody came or went meanwhile. */
  looked(stat: Stat | undefined): void {
    this.#pzxid = stat?.pzxid;
  }

  /** It is not there. */
  gone(): void {
    this.#pzxid = undefined;
    this.#there = this.moved = false;
  }
}
