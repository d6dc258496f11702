/** A request that has come in, as those who watch see it. */
export interface Incoming {
  readonly method: string;
  /** The path and query, as they came. */
  readonly path: string;
  /** Headers in any server's shape: read them by `headerOf`. */
  readonly headers: unknown;
  /** What is seen of it on the wire; nothing where the server does not say. */
  readonly wire?: Wire | undefined;
}

/** What is seen on the wire of a request, and of what it was answered. */
export interface Wire {
  readonly secure: boolean;
  /** The version of HTTP: `1.1`, `2`. */
  readonly protocol: string;
  /** The address of who is at the other end of the connection; empty where that is not known. */
  readonly peer: string;
  /** What was answered; 0 before an answer has begun. */
  readonly status: number;
  /** Whether the answer has left whole. */
  readonly whole: boolean;
  /** A header of the answer, or a trailer of it where those are kept. */
  header(name: string): string | undefined;
  /** Tells when the answer has left, or can no more. False where nobody can tell: it is over when its handler is. */
  onEnd(tell: () => void): boolean;
}
