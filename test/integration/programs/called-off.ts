// Makes one call that never gets an answer, has it called off, and tells how that looked and what is left of it.
import { createMesh, type Mesh, MeshError } from '../../../src/index.ts';
import { testEnv } from '../../../src/testing.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface CalledOffSettings {
  readonly url: string;
  /** With what the call is made. */
  readonly client: 'request' | 'fetch' | 'call';
  /** What calls it off. */
  readonly by: 'caller' | 'deadline' | 'attempt';
}

/** How it ended: what the caller saw, and what the mesh had to say of it. */
export interface Ended {
  readonly name: string;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly sent: string | undefined;
  /** Whether the error, or its cause, is the very reason that the caller gave. */
  readonly own: boolean;
  /** What would keep the process: sockets and the like. */
  readonly left: readonly string[];
  /** Timers of the mesh that would keep it too. */
  readonly timers: number;
}

const { url, client, by } = settings<CalledOffSettings>();
const policy = { defaults: { retry: { attempts: 1 }, ...(by === 'attempt' && { attempt: { timeout: '60ms' } }) } };
const env = testEnv(); // time stands still until the request has arrived, however long that takes
const mesh = await createMesh({ service: 'checkout', registry: { fixed: { orders: [url] } }, policy, env });
const controller = new AbortController();
const reason = new Error('no longer wanted');
process.once('message', () => (by === 'caller' ? controller.abort(reason) : env.clock.advance(60)));

const send: Readonly<Record<CalledOffSettings['client'], (mesh: Mesh, signal: AbortSignal) => Promise<unknown>>> = {
  request: (mesh, signal) => mesh.request('http://orders/hang', { signal }),
  fetch: (mesh, signal) => mesh.fetch('http://orders/hang', { signal }),
  call: (mesh, signal) =>
    mesh.call('orders', ({ url, headers, signal }) => fetch(`${url}/hang`, { headers, signal }), { signal }),
};
if (by === 'deadline') mesh.setPolicy({ defaults: { ...policy.defaults, deadline: { timeout: '60ms' } } });
const error: unknown = await send[client](mesh, controller.signal).then(
  () => undefined,
  (thrown: unknown) => thrown,
);
if (!(error instanceof Error)) throw new Error('it was answered');
const ours = [error, error.cause].find((one) => MeshError.is(one));

// The mesh stays open: what is over must leave nothing by itself.
const kept = (): string[] => process.getActiveResourcesInfo().filter((kind) => !/^(Pipe|TTY)Wrap$/.test(kind));
for (let turn = 0; turn < 10_000 && kept().length > 0; turn++) await new Promise(setImmediate);
const ended: Ended = {
  name: error.name,
  code: ours?.code,
  reason: ours?.reason,
  sent: ours?.sent,
  own: error === reason || error.cause === reason,
  left: kept(),
  timers: env.clock.pending,
};
process.send!(ended);
process.disconnect();
setTimeout(() => process.exit(86), 20_000).unref(); // still here: something keeps us, and no busy machine
