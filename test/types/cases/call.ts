// What `mesh.call` gives back is what `send` gave, and `send` is told everything it needs.
import type { CallOptions, Endpoint, Mesh, MeshResponse } from 'inmesh';
import { is, type Same } from './same.ts';

export async function call(mesh: Mesh): Promise<void> {
  const promised = mesh.call('orders', async () => 42);
  is<Same<typeof promised, Promise<number>>>();
  const atOnce = mesh.call('orders', () => 'text');
  is<Same<typeof atOnce, Promise<string>>>();
  const response = mesh.call('orders', ({ url, headers, signal }) => fetch(url, { headers, signal }));
  is<Same<typeof response, Promise<Response>>>();

  await mesh.call('orders', ({ url, headers, signal, attempt, endpoint, timeoutMs }) => {
    is<Same<typeof url, string>>();
    is<Same<typeof headers, Record<string, string>>>();
    is<Same<typeof signal, AbortSignal>>();
    is<Same<typeof attempt, number>>();
    is<Same<typeof endpoint, Endpoint>>();
    is<Same<typeof timeoutMs, number>>();
  });

  const requested = mesh.request('http://orders/orders/42');
  is<Same<typeof requested, Promise<MeshResponse>>>();
  const fetched = mesh.fetch('http://orders/orders/42');
  is<Same<typeof fetched, Promise<Response>>>();

  // @ts-expect-error a service is called by its name
  await mesh.call(42, () => 1);
  // @ts-expect-error there is nothing to send
  await mesh.call('orders');
  // @ts-expect-error no such option
  await mesh.call('orders', () => 1, { retries: 3 });
  // @ts-expect-error a duration is text
  await mesh.call('orders', () => 1, { timeout: 800 });
}

/** Options may be passed on as they came, whether they were said or not. */
export const passedOn = (idempotent: boolean | undefined, signal: AbortSignal | undefined): CallOptions => ({
  idempotent,
  signal,
});
