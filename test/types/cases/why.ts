// What a mesh says of calls is typed: what would become of one, and what became of those that were made.
import type { AttemptReport, Mesh, Reason } from 'inmesh';
import type { CallPlan, PlannedEndpoint, RequestContext, ServeOptions, TapOptions, TappedCall } from 'inmesh/types';
import { is, type Same } from './same.ts';

export async function why(mesh: Mesh): Promise<void> {
  const text = mesh.explain('orders', { method: 'GET', path: '/orders/42', key: 'ada', priority: 'critical' });
  is<Same<typeof text, string>>();
  is<Same<ReturnType<Mesh['explain']>, string>>();
  mesh.explain('orders', 'GET /orders/{id}');

  const { deadline, ways } = mesh.plan('orders', { idempotent: true });
  is<Same<typeof deadline.ms, number>>();
  const [endpoint] = ways[0]!.endpoints;
  is<Same<typeof endpoint, (typeof ways)[number]['endpoints'][number] | undefined>>();
  is<Same<NonNullable<typeof endpoint>['share'], number>>();

  for await (const call of mesh.tap({
    service: 'orders',
    match: { outcome: 'failure', status: '5xx', slowerThan: '1s' },
  })) {
    is<Same<typeof call.outcome, 'success' | 'failure' | 'none'>>();
    is<Same<typeof call.reason, Reason | null>>();
    const [attempt] = call.attempts;
    const report: AttemptReport | undefined = attempt;
    void report;
    break;
  }
  mesh.tap({ match: ({ ms, lost }) => ms > 100 || lost > 0 });
  await using brief = mesh.tap();
  void brief;

  // @ts-expect-error there is no such option of a call
  mesh.explain('orders', { metod: 'GET' });
  // @ts-expect-error a plan is of a request, not of a route
  mesh.plan('orders', 'GET /orders/{id}');
  // @ts-expect-error there is no such outcome
  mesh.tap({ match: { outcome: 'bad' } });
  // @ts-expect-error what is told is not to be written to
  mesh.plan('orders').ways[0]!.share = 1;
}

/** What is given can be named: kept in a field, handed on to a function of one's own. */
export async function named(mesh: Mesh, options: TapOptions): Promise<void> {
  const plan: CallPlan = mesh.plan('orders');
  const first: PlannedEndpoint | undefined = plan.ways[0]?.endpoints[0];
  is<Same<ReturnType<Mesh['plan']>, CallPlan>>();
  const kept: TappedCall[] = [];
  for await (const call of mesh.tap(options)) kept.push(call);
  is<Same<Mesh['context'], RequestContext | undefined>>();
  is<Same<NonNullable<Parameters<Mesh['serve']>[1]>, ServeOptions>>();
  void first;
}
