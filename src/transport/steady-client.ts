import type { Exchange } from './exchange.ts';
import { type Client, type Handler, undici } from './undici.ts';

type Dispatch = Parameters<Client['dispatch']>;

let made: typeof Client | undefined;

/**
 * A connection as the pool has it. undici says of a request that it refuses what it says of one for which there is no room,
 * and its pool then waits for the connection to be free again, which never comes, as nothing was sent over it: after as
 * many requests with a bad header or method as an endpoint has connections, nobody could call it any more.
 */
export function steadyClient(...given: ConstructorParameters<typeof Client>): Client {
  made ??= makeClass();
  return new made(...given);
}

// Inside a function, since undici is loaded with the first request.
function makeClass(): typeof Client {
  return class SteadyClient extends undici().Client {
    override dispatch(options: Dispatch[0], handler: Handler): boolean {
      const isFree = super.dispatch(options, handler);
      return isFree || ((handler as Exchange).refused && !this.closed && !this.destroyed);
    }
  };
}
