// The client of the demo: calls `orders` steadily through the mesh, and tells what the mesh does.
import { createMesh, type MeshEvent } from 'inmesh';
import { Load } from './load.ts';
import type { ClientSettings, Deed, EndpointReport, FinalReport, Report, ToClient } from './messages.ts';
import { hear, settings, tell } from './stage-hand.ts';

const { registry, callsPerSecond } = settings<ClientSettings>();

// Shorter than the defaults, since nobody wants to watch a demo for minutes. Everything else is as it comes.
const outlier = { failures: 3, ejection: '1s', maxEjection: '2s' };
const mesh = await createMesh({ service: 'checkout', registry, policy: { services: { orders: { outlier } } } });

const load = new Load(callsPerSecond, async () => {
  const answer = await mesh.request('http://orders/orders/42');
  await answer.body.json();
  if (answer.statusCode !== 200) throw new Error(`status ${answer.statusCode}`);
});

let deeds: Deed[] = [];
let attempts = 0;
const recent = new Map<string, { attempts: number; ms: number }>();

mesh.on((event) => {
  if (event.type === 'attempt') {
    attempts++;
    const { attempts: before, ms } = recent.get(event.endpoint) ?? { attempts: 0, ms: 0 };
    recent.set(event.endpoint, { attempts: before + 1, ms: ms + event.ms });
  }
  deeds.push(...deedsOf(event));
});

function deedsOf(event: MeshEvent): Deed[] {
  switch (event.type) {
    case 'retry':
      return [{ is: 'retry', why: event.why }];
    case 'retry-budget':
      return [{ is: 'budget', why: event.why }];
    case 'ejected':
      return [{ is: 'ejected', address: event.endpoint, failures: event.failures, forMs: event.forMs }];
    case 'returned':
      return [{ is: 'returned', address: event.endpoint }];
    case 'panic':
      return [{ is: 'panic', on: event.on }];
    case 'registry':
      return [{ is: 'stale', on: event.stale }];
    case 'endpoints':
      return [
        ...event.removed.map((address) => ({ is: 'left', address }) as const),
        ...event.added.map((address) => ({ is: 'joined', address }) as const),
      ];
    default:
      return [];
  }
}

function report(): Report {
  const endpoints = (mesh.snapshot().clusters[0]?.endpoints ?? []).map(
    ({ address, state, why }): EndpointReport => ({
      address,
      state,
      why,
      ...(recent.get(address) ?? { attempts: 0, ms: 0 }),
    }),
  );
  const made: Report = { total: load.total, attempts, endpoints, deeds };
  deeds = [];
  recent.clear();
  return made;
}

await load.warmUp();
attempts = 0;
setInterval(() => tell(report()), 100);

hear<ToClient>(async (message) => {
  if (message !== 'end') return load.enter(message.phase);
  await load.end();
  const last: FinalReport = { ...report(), phases: load.phases };
  await mesh.close();
  tell(last);
});
