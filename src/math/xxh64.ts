/** 64 bits in two halves of 32, since a number has 53 and a BigInt costs a microsecond. Each step changes it in place. */
class Word {
  hi = 0;
  lo = 0;

  set(hi: number, lo: number): this {
    this.hi = hi | 0;
    this.lo = lo | 0;
    return this;
  }

  add(hi: number, lo: number): this {
    const low = (this.lo >>> 0) + (lo >>> 0);
    this.lo = low | 0;
    this.hi = (this.hi + hi + (low > 0xffff_ffff ? 1 : 0)) | 0;
    return this;
  }

  xor(hi: number, lo: number): this {
    this.hi ^= hi;
    this.lo ^= lo;
    return this;
  }

  /** Times another, modulo 2 to the 64th: the schoolbook, in digits of 16 bits. */
  times(hi: number, lo: number): this {
    const a0 = this.lo & 0xffff;
    const a1 = this.lo >>> 16;
    const b0 = lo & 0xffff;
    const b1 = lo >>> 16;
    const low = Math.imul(a0, b0);
    const left = Math.imul(a0, b1);
    const right = Math.imul(a1, b0);
    const middle = (low >>> 16) + (left & 0xffff) + (right & 0xffff);
    const high = Math.imul(a1, b1) + (left >>> 16) + (right >>> 16) + (middle >>> 16);
    this.hi = (high + Math.imul(this.hi, lo) + Math.imul(this.lo, hi)) | 0;
    this.lo = (middle << 16) | (low & 0xffff);
    return this;
  }

  /** Rotates to the left by 1 to 31 bits. */
  rotate(bits: number): this {
    const { hi, lo } = this;
    this.hi = (hi << bits) | (lo >>> (32 - bits));
    this.lo = (lo << bits) | (hi >>> (32 - bits));
    return this;
  }

  /** Mixes in its own upper bits, from 1 to 32 to the right. */
  fold(bits: number): this {
    const { hi, lo } = this;
    if (bits >= 32) this.lo = lo ^ (bits === 32 ? hi : hi >>> (bits - 32));
    else {
      this.hi = hi ^ (hi >>> bits);
      this.lo = lo ^ ((lo >>> bits) | (hi << (32 - bits)));
    }
    return this;
  }
}

const P1H = 0x9e3779b1 | 0;
const P1L = 0x85ebca87 | 0;
const P2H = 0xc2b2ae3d | 0;
const P2L = 0x27d4eb4f | 0;
const P3H = 0x165667b1 | 0;
const P3L = 0x9e3779f9 | 0;
const P4H = 0x85ebca77 | 0;
const P4L = 0xc2b2ae63 | 0;
const P5H = 0x27d4eb2f | 0;
const P5L = 0x165667c5 | 0;
const ROTATIONS = [1, 7, 12, 18] as const;

/**
 * XXH64 of Yann Collet: the hash by which Envoy and gRPC place keys. What was hashed last is in `hi` and `lo`. Hashing
 * makes no objects, so whoever hashes keeps one of these.
 */
export class Xxh64 {
  readonly #word = new Word();
  readonly #part = new Word();
  readonly #lanes = [new Word(), new Word(), new Word(), new Word()] as const;
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(256);

  /** The upper half, from 0 to 4 294 967 295. */
  get hi(): number {
    return this.#word.hi >>> 0;
  }

  /** The lower half. */
  get lo(): number {
    return this.#word.lo >>> 0;
  }

  /** The remainder when divided by `size`, which is at most 2 to the 20th. */
  modulo(size: number): number {
    return ((this.hi % size) * (0x1_0000_0000 % size) + (this.lo % size)) % size;
  }

  /** Hashes text as UTF-8. `seed` has 32 bits. */
  text(text: string, seed = 0): this {
    if (text.length * 3 > this.#bytes.length) this.#bytes = new Uint8Array(text.length * 3);
    const bytes = this.#bytes;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 0x80) return this.#hash(bytes, this.#encoder.encodeInto(text, bytes).written, seed);
      bytes[at] = code;
    }
    return this.#hash(bytes, text.length, seed);
  }

  /** Hashes bytes. */
  bytes(bytes: Uint8Array, seed = 0): this {
    return this.#hash(bytes, bytes.length, seed);
  }

  #hash(bytes: Uint8Array, length: number, seed: number): this {
    const word = this.#word;
    let at = 0;
    if (length >= 32) at = this.#stripes(bytes, length, seed);
    else word.set(P5H, P5L).add(0, seed);
    word.add(0, length);
    for (; at + 8 <= length; at += 8) {
      const part = this.#part
        .set(four(bytes, at + 4), four(bytes, at))
        .times(P2H, P2L)
        .rotate(31)
        .times(P1H, P1L);
      word.xor(part.hi, part.lo).rotate(27).times(P1H, P1L).add(P4H, P4L);
    }
    if (at + 4 <= length) {
      const part = this.#part.set(0, four(bytes, at)).times(P1H, P1L);
      word.xor(part.hi, part.lo).rotate(23).times(P2H, P2L).add(P3H, P3L);
      at += 4;
    }
    for (; at < length; at++) {
      const part = this.#part.set(0, bytes[at]!).times(P5H, P5L);
      word.xor(part.hi, part.lo).rotate(11).times(P1H, P1L);
    }
    word.fold(33).times(P2H, P2L).fold(29).times(P3H, P3L).fold(32);
    return this;
  }

  /** Takes in all whole stripes of 32 bytes, and says where they end. */
  #stripes(bytes: Uint8Array, length: number, seed: number): number {
    const [one, two, three, four_] = this.#lanes;
    one.set(P1H, P1L).add(P2H, P2L).add(0, seed);
    two.set(P2H, P2L).add(0, seed);
    three.set(0, seed);
    four_.set(~P1H, ~P1L).add(0, 1).add(0, seed); // the seed less the first prime
    let at = 0;
    for (; at + 32 <= length; at += 32) {
      for (let lane = 0; lane < 4; lane++) {
        const from = at + lane * 8;
        const part = this.#part.set(four(bytes, from + 4), four(bytes, from)).times(P2H, P2L);
        this.#lanes[lane]!.add(part.hi, part.lo).rotate(31).times(P1H, P1L);
      }
    }
    const word = this.#word.set(0, 0);
    for (let lane = 0; lane < 4; lane++) {
      const part = this.#part.set(this.#lanes[lane]!.hi, this.#lanes[lane]!.lo).rotate(ROTATIONS[lane]!);
      word.add(part.hi, part.lo);
    }
    for (const lane of this.#lanes) {
      const part = lane.times(P2H, P2L).rotate(31).times(P1H, P1L);
      word.xor(part.hi, part.lo).times(P1H, P1L).add(P4H, P4L);
    }
    return at;
  }
}

/** Four bytes, the least first. */
const four = (bytes: Uint8Array, at: number): number =>
  bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);

/** Bits of which each depends on all that were given: the end of MurmurHash3. */
export function stirred(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
