import type { Stat } from './operations.ts';

/**
 * By what a folder is known again after the history of the tree may have begun anew. Its numbers alone do not tell: those
 * of a new history may be those of the old one. The moment when it was made does.
 */
export class FolderMark {
  #made: Pick<Stat, 'czxid' | 'ctime'> | undefined;
  #doubted = false;

  /** The history may have begun anew. */
  doubt(): void {
    this.#doubted = true;
  }

  /** Whether the folder that is there now, if one is, is in doubt and another than the one we knew. */
  isAnother(stat: Stat | undefined): boolean {
    const isKnown = stat !== undefined && stat.czxid === this.#made?.czxid && stat.ctime === this.#made.ctime;
    const isAnother = this.#doubted && !isKnown;
    this.#doubted = false;
    return isAnother;
  }

  /** This is the folder that we know. */
  know({ czxid, ctime }: Stat): void {
    this.#made = { czxid, ctime };
  }
}
