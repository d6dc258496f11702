import type { SecureContext } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import type { ServerAddress } from './address.ts';
import type { ZookeeperError } from './errors.ts';
import type { Lookup } from './lookups.ts';
import type { Operation, WatchEvent } from './operations.ts';

/** What a session is known by. The password proves that it is ours: a secret. */
export interface SessionKey {
  readonly id: bigint;
  readonly password: Buffer;
}

/** One connection to one server. It never comes back: when it ends, whoever opened it opens another. */
export interface Link {
  /** The session that it carries. */
  readonly key: SessionKey;
  /** How long the server keeps the session without hearing from us, as it was agreed. */
  readonly timeoutMs: number;
  /** The latest moment of the ensemble's history that we have heard of. */
  readonly zxid: bigint;
  /** When the last byte came, by our clock. */
  readonly heardAt: number;
  /** Asks the server for something. Settles in bounded time: with the answer, or an error that says what went wrong. */
  ask<T>(operation: Operation<T>): Promise<T>;
  /** Ends the session and the connection, politely for `waitMs` at most. */
  close(waitMs: number): Promise<void>;
  /** Ends the connection now; what is still open fails. The session lives on until its time is up. */
  destroy(why: string): void;
}

/** What a link starts from, and whom it tells. */
export interface LinkOptions {
  readonly server: ServerAddress;
  readonly clock: Clock;
  readonly chroot: string;
  /** The session timeout to ask for. */
  readonly timeoutMs: number;
  /** How long connecting, and then agreeing on a session, may take. */
  readonly handshakeMs: number;
  /** The session to go on with; a new one when there is none. */
  readonly key: SessionKey | undefined;
  readonly zxid: bigint;
  /** `user:password`. */
  readonly digest: string | undefined;
  /** What a TLS connection is made with; without it, it is plain. */
  readonly tls: SecureContext | undefined;
  /** How the name of the server is looked up; by the system's resolver, each time anew, unless told. */
  readonly lookup?: Lookup | undefined;
  /** What is to be done once there is a connection, before the session goes over to it. */
  readonly before?: (() => Promise<void>) | undefined;
  readonly onEvent: (event: WatchEvent) => void;
  /** It has ended; said once, and only if opening it had succeeded. */
  readonly onEnd: (error: ZookeeperError) => void;
}

/** Opens a connection; another driver of the same shape can stand in for ours. */
export type OpenLink = (options: LinkOptions) => Promise<Link>;
