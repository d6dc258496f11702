const SLICES = 3;
const UNITS = 16; // to a millisecond
const FINE = 32; // buckets to each doubling, so a value is known to a thirty-second of itself
const LONGEST = 2 ** 22 - 1; // units: four minutes and a half; what takes longer counts as that
const BUCKETS = bucketOf(LONGEST) + 1;

/**
 * How long things take, of late: counts in buckets that grow with the length, as HdrHistogram has them. Nine kilobytes,
 * whatever comes; taking one in costs some nanoseconds. The caller brings the time.
 */
export class RollingQuantile {
  readonly #sliceMs: number;
  readonly #slices = Array.from({ length: SLICES }, () => new Uint32Array(BUCKETS));
  readonly #all = new Uint32Array(BUCKETS);
  #slice = 0; // the number of the newest slice since time began
  #count = 0;

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
  }

  observe(ms: number, now: number): void {
    this.#turn(now);
    const bucket = bucketOf(Math.min(LONGEST, Math.max(0, Math.floor(ms * UNITS))));
    this.#slices[this.#slice % SLICES]![bucket]!++;
    this.#all[bucket]!++;
    this.#count++;
  }

  /** How many were observed within the window, to a third of it. */
  count(now: number): number {
    this.#turn(now);
    return this.#count;
  }

  /** Milliseconds that this share of them (0.95) took less than; 0 when there were none. At most 3 % too much. */
  read(share: number, now: number): number {
    this.#turn(now);
    const wanted = share * this.#count;
    if (wanted === 0) return 0;
    let [bucket, below] = [0, this.#all[0]!];
    while (below < wanted && bucket < BUCKETS - 1) below += this.#all[++bucket]!;
    return endOf(bucket) / UNITS;
  }

  #turn(now: number): void {
    const slice = Math.floor(now / this.#sliceMs);
    if (slice <= this.#slice) return;
    const old = Math.min(slice - this.#slice, SLICES);
    for (let step = 1; step <= old; step++) this.#drop(this.#slices[(this.#slice + step) % SLICES]!);
    this.#slice = slice;
  }

  #drop(counts: Uint32Array): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#count -= counts[bucket]!;
      this.#all[bucket]! -= counts[bucket]!;
    }
    counts.fill(0);
  }
}

/** The first doublings are a bucket for each unit; then each doubling has as many buckets, twice as wide. */
function bucketOf(units: number): number {
  if (units < 2 * FINE) return units;
  const doublings = 31 - Math.clz32(units) - Math.log2(FINE);
  return doublings * FINE + (units >> doublings);
}

/** Where a bucket ends, in units. */
function endOf(bucket: number): number {
  if (bucket < 2 * FINE) return bucket + 1;
  const doublings = Math.floor(bucket / FINE) - 1;
  return (bucket - doublings * FINE + 1) * 2 ** doublings;
}
