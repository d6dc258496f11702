import type { Server } from 'node:net';
import { MeshError } from '../core/errors.ts';
import type { Announcement } from '../discovery/registry.ts';
import { show } from '../policy/read.ts';
import { REAL } from '../server/event-loop.ts';
import { GracefulServer } from '../server/graceful.ts';
import type { AnnounceOptions } from './announce.ts';
import type { Presence } from './presence.ts';

/** How a server is served, and what is told about it; what `announce` may be told can be told here. */
export interface ServeOptions extends Omit<AnnounceOptions, 'port'> {
  /** The port to listen on; chosen by the system unless told. Others are told the real one. */
  readonly port?: number | undefined;
  /** The address of this machine to listen on; all there are unless told. Others are told `host`. */
  readonly bind?: string | undefined;
  /**
   * Whether the mesh answers `GET /livez`, `/readyz` and `/healthz` in front of your handlers; not unless told. Ready is
   * who is listed, waits for nothing that it depends on (`dependsOn`), and is not leaving.
   */
  readonly health?: boolean | undefined;
}

/**
 * Listens, then lists this process. When the mesh closes, so does the server; when the server does, the listing ends.
 * @throws MeshError INVALID_ARGUMENT for what can not be served; what the server throws when it can not listen.
 */
export async function serve(presence: Presence, server: Server, options: ServeOptions): Promise<Announcement> {
  check(server, options);
  const { servers } = presence;
  if (servers.has(server)) throw servedAlready(server);
  const { port = 0, bind, health = false, ...told } = options;
  const forget = presence.onClose((giveUp) => graceful.close(giveUp)); // throws once the mesh is closed, before the server hears
  const graceful = new GracefulServer(server, () => presence.leaving, presence.clock);
  servers.add(server);
  const unanswer = health ? presence.answerHealth() : () => {};
  const over = (): void => {
    servers.delete(server);
    forget();
  };
  try {
    presence.secure(server);
    const real = await graceful.listen({ port, bind });
    const own = { secure: 'setSecureContext' in server, ...told, port: real };
    return await listWhileOpen(graceful, () => presence.announce(own), over);
  } catch (error) {
    over();
    unanswer();
    graceful.release();
    server.close();
    await new Promise<void>(REAL.afterTurn); // then that end has been told, which is none of who serves it again
    throw error;
  }
}

/** Lists it until the server closes, whoever closes it; `over` hears of that. */
async function listWhileOpen(graceful: GracefulServer, announce: () => Promise<Announcement>, over: () => void) {
  let announcement: Announcement | undefined;
  let isClosed = false;
  const unhear = graceful.onClosed(() => {
    isClosed = true;
    over();
    void (async () => announcement?.close())().catch(() => {}); // when the mesh closes it is asked once more
  });
  try {
    announcement = await announce();
  } catch (error) {
    unhear();
    throw error;
  }
  if (!isClosed) return announcement;
  await announcement.close();
  const { service } = announcement.instance;
  throw new MeshError('closed', `${service}: the server was closed before it was listed`, { service });
}

/** It would be on the list twice, and called twice as often as others. */
function servedAlready(server: Server): MeshError {
  const address = server.address();
  const where = typeof address === 'object' && address !== null ? `, on port ${address.port}` : '';
  const cure = 'close it first, or change what is told of it by the update of its announcement';
  return new MeshError('request', `serve: the server is served already${where}; ${cure}`);
}

/** Applications of Express and Koa listen, too, on a server that they keep to themselves: it could not be closed. */
const SERVERS_HAVE = ['listen', 'address', 'close', 'on'] as const;

const KEYS = ['port', 'bind', 'host', 'id', 'weight', 'zone', 'secure', 'metadata', 'health'];

function check(server: unknown, options: unknown): void {
  const known = server as Partial<Server> | null | undefined;
  if (!SERVERS_HAVE.every((name) => typeof known?.[name] === 'function')) {
    const what = 'serve needs a server of node:http, node:https or node:http2, such as http.createServer(app)';
    throw new MeshError('request', `${what}, got ${show(server)}`);
  }
  if (typeof options !== 'object' || options === null) {
    throw new MeshError('request', `serve: the options must be an object, got ${show(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key)) {
      throw new MeshError('request', `serve: no such option '${key}'; there are ${KEYS.join(', ')}`);
    }
  }
  const { port, bind, health } = options as Record<string, unknown>;
  if (health !== undefined && typeof health !== 'boolean') {
    throw new MeshError('request', `serve: health must be true or false, got ${show(health)}`);
  }
  const isPort = port === undefined || (Number.isInteger(port) && (port as number) >= 0 && (port as number) < 65_536);
  if (!isPort) throw new MeshError('request', `serve: port must be a whole number from 0 to 65535, got ${show(port)}`);
  if (bind !== undefined && typeof bind !== 'string') {
    throw new MeshError('request', `serve: bind must be an address of this machine, got ${show(bind)}`);
  }
}
