/** Header fields by lower-case name; a list where a name stands several times. */
export type HeaderFields = Readonly<Record<string, string | readonly string[]>>;

/** An answer that is kept whole, so that it can be given to several. */
export interface Kept<Res> {
  /** The HTTP status. */
  readonly status: number;
  /** Its headers. */
  readonly headers: HeaderFields;
  /** How long its body is. */
  readonly bytes: number;
  /** Its body, for those who only look: bytes, where the client has bytes. */
  readonly content: unknown;
  /** A copy for one reader, with these headers more. */
  copy(more: Readonly<Record<string, string>>): Res;
}

/** Knows how to keep the answers of a client. */
export interface Keeper<Res> {
  /**
   * Tells `done` of an answer once somebody has read it to its end. With nothing, or not at all, where it has more than
   * `limit` bytes, or breaks off.
   */
  watch(answer: Res, limit: number, done: (kept: Kept<Res> | undefined) => void): void;
  /** Reads an answer for nobody yet; undefined when it has more than `limit` bytes, or breaks off. Then it is as it was. */
  gather(answer: Res, limit: number): Promise<Kept<Res> | undefined>;
  /** Makes an answer that nobody gave. */
  make(status: number, headers: Readonly<Record<string, string>>, body: string): Res;
}

/** A request as its client will send it, where the client lets filters know. */
export interface Outgoing<Res> {
  /** The headers that the client sends besides those of the attempt. */
  readonly headers: HeaderFields | undefined;
  /** Keeps answers of this client; nothing where they can not be given twice. */
  readonly keeper: Keeper<Res> | undefined;
  /** Whether it sends a body: then the same method, path and headers do not make it the same request. Not unless told. */
  readonly hasBody?: boolean | undefined;
  /** Its body: what it has for `content` where that is known whole before it is sent. */
  readonly payload?: { readonly content: string | Uint8Array | undefined } | undefined;
}
