import type { SecureContext } from 'node:tls';
import type { ServerAddress } from './address.ts';
import type { ZookeeperError } from './errors.ts';
import type { Link } from './link.ts';
import type { TlsFiles } from './tls.ts';

/** How it stands between us and the ensemble. */
export type SessionState =
  /** There has been no session yet; and why, once it was tried. */
  | { readonly is: 'connecting'; readonly problem?: string }
  /** `problem`: why a connection like it could not be made now; the one there is goes on. */
  | { readonly is: 'connected'; readonly server: string; readonly problem?: string }
  /** The connection is gone, the session may live: what we registered may still be there. */
  | { readonly is: 'suspended'; readonly problem: string }
  /** By our clock the session has ended, or the server said so: what we registered is gone, or will be. */
  | { readonly is: 'lost'; readonly problem: string }
  | { readonly is: 'closed' };

/** A connection of a session: with whom, made with what, and its end. */
export interface Line {
  readonly server: ServerAddress;
  readonly link: Link;
  readonly ended: Promise<ZookeeperError>;
  readonly tls: SecureContext | undefined;
}

/** A new connection is up. */
export interface Up {
  /** The session is the one that there was before. */
  readonly resumed: boolean;
  /** Up to which moment of the ensemble's history all events have come; what was later may have been missed. */
  readonly knownTo: bigint;
}

export interface SessionOptions {
  readonly servers: readonly ServerAddress[];
  readonly chroot: string;
  readonly digest: string | undefined;
  readonly tls: TlsFiles | undefined;
  /** The session timeout to ask for; the server has the last word. */
  readonly timeoutMs: number;
  /** For messages. */
  readonly name: string;
}

/** There is a connection. */
export const connected = (server: string, problem = ''): SessionState => ({
  is: 'connected',
  server,
  ...(problem !== '' && { problem }),
});
