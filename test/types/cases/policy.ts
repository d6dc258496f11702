// The types of the policy come from its table: an editor knows every section and field, and what each may be.
import { createMesh, type Policy, type PolicyDocument } from 'inmesh';
import { is, type Same } from './same.ts';

export const whole: PolicyDocument = {
  defaults: { deadline: { timeout: '2s' }, attempt: { timeout: 'off' }, outcome: { failing: ['5xx', 429] } },
  services: {
    orders: {
      retry: { attempts: 2 },
      propagate: { deadline: 'grpc' },
      routes: { 'GET /orders/{id}': { retry: { statuses: [503] } } },
    },
  },
};

// What filters read: milliseconds where text was written, and nothing is left out.
is<Same<Policy['deadline']['timeout'], number>>();
is<Same<Policy['retry']['attempts'], number>>();
is<Same<Policy['propagate']['deadline'], 'envoy' | 'grpc' | 'off'>>();
is<Same<Policy['trace']['begin'], boolean>>();

export const wrong: PolicyDocument[] = [
  // @ts-expect-error no such section
  { defaults: { retries: {} } },
  // @ts-expect-error no such field
  { defaults: { retry: { atempts: 3 } } },
  // @ts-expect-error a number is no duration
  { defaults: { deadline: { timeout: 100 } } },
  // @ts-expect-error no such choice
  { defaults: { propagate: { deadline: 'finagle' } } },
  // @ts-expect-error a text is no flag
  { defaults: { trace: { begin: 'yes' } } },
  // @ts-expect-error routes belong to a service
  { defaults: { routes: {} } },
];

export function readonly(policy: Policy): void {
  // @ts-expect-error a policy in force does not change
  policy.retry.attempts = 5;
  // @ts-expect-error a policy in force does not change
  policy.retry = undefined;
}

// @ts-expect-error both who we are and where the others are found must be said
export const half = createMesh({ service: 'checkout' });
