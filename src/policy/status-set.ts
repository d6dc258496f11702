/** Some HTTP statuses, asked about in constant time. */
export class StatusSet {
  readonly #listed: Uint8Array = new Uint8Array(600);
  readonly #text: readonly (number | string)[];

  /** `listed` holds statuses (`503`) and classes of them (`'5xx'`). */
  constructor(listed: readonly (number | string)[]) {
    this.#text = Object.freeze([...listed]);
    for (const one of listed) {
      if (typeof one === 'number') this.#listed[one] = 1;
      else this.#listed.fill(1, Number(one[0]) * 100, Number(one[0]) * 100 + 100);
    }
    this.has = this.has.bind(this);
  }

  has(status: number): boolean {
    return this.#listed[status] === 1;
  }

  toJSON(): readonly (number | string)[] {
    return this.#text;
  }
}
