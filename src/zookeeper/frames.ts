import { ZookeeperError } from './errors.ts';

const LARGEST = 32 * 1024 * 1024; // a list of half a million instances; a server that sends more has gone wrong

/** Cuts a stream of bytes into messages, each with its length in front. */
export class Frames {
  #pieces: Buffer[] = [];
  #have = 0;
  #need = 4;

  /** Hands every message that is whole to `take`. @throws when a length can not be, or what `take` throws. */
  push(piece: Buffer, take: (frame: Buffer) => void): void {
    this.#pieces.push(piece);
    this.#have += piece.length;
    while (this.#have >= this.#need) {
      const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#have);
      const length = all.readInt32BE(0);
      if (length <= 0 || length > LARGEST) {
        throw new ZookeeperError('PROTOCOL', `the server sent a message of ${length} bytes`);
      }
      this.#pieces = [all];
      this.#need = 4 + length;
      if (this.#have < this.#need) return;
      const frame = all.subarray(0, this.#need);
      this.#pieces = [all.subarray(this.#need)];
      this.#have -= this.#need;
      this.#need = 4;
      take(frame);
    }
  }
}
