import type { Infer, InferDocument } from './fields.ts';
import { aperture } from './sections/aperture.ts';
import { attempt } from './sections/attempt.ts';
import { authenticate } from './sections/authenticate.ts';
import { authorize } from './sections/authorize.ts';
import { balance } from './sections/balance.ts';
import { circuit } from './sections/circuit.ts';
import { collapse } from './sections/collapse.ts';
import { deadline } from './sections/deadline.ts';
import { fallback } from './sections/fallback.ts';
import { fault } from './sections/fault.ts';
import { fleet } from './sections/fleet.ts';
import { hash } from './sections/hash.ts';
import { health } from './sections/health.ts';
import { hedge } from './sections/hedge.ts';
import { identify } from './sections/identify.ts';
import { limit } from './sections/limit.ts';
import { mirror } from './sections/mirror.ts';
import { outcome } from './sections/outcome.ts';
import { outlier } from './sections/outlier.ts';
import { propagate } from './sections/propagate.ts';
import { quota } from './sections/quota.ts';
import { report } from './sections/report.ts';
import { retry } from './sections/retry.ts';
import { route } from './sections/route.ts';
import { shed } from './sections/shed.ts';
import { strategy } from './sections/strategy.ts';
import { subset } from './sections/subset.ts';
import { throttle } from './sections/throttle.ts';
import { trace } from './sections/trace.ts';
import { transport } from './sections/transport.ts';
import { zone } from './sections/zone.ts';

/**
 * Every setting there is. From this one table come the types, the defaults, the checks, the JSON Schema, the reference
 * page and what `explain` says. A section is named after the slot of the stack that reads it.
 */
export const table = {
  trace,
  deadline,
  fault,
  route,
  mirror,
  identify,
  authenticate,
  authorize,
  quota,
  shed,
  report,
  strategy,
  fallback,
  collapse,
  circuit,
  retry,
  hedge,
  throttle,
  limit,
  subset,
  aperture,
  zone,
  balance,
  hash,
  health,
  outlier,
  fleet,
  attempt,
  propagate,
  outcome,
  transport,
} as const;

/** How calls to one service behave, as filters read it: milliseconds, frozen. */
export type Policy = Infer<typeof table>;

/** Settings as written: durations are text, and only what differs is said. */
export type PolicySections = InferDocument<typeof table>;

/** The declarative document: defaults, then per service, then per route; the nearest wins, field by field. */
export interface PolicyDocument {
  /** For every service. */
  readonly defaults?: PolicySections;
  /** By the name of the service called. */
  readonly services?: Readonly<Record<string, ServicePolicy>>;
}

/** Settings of one service, and of its routes by name or template: `GET /orders/{id}`. */
export type ServicePolicy = PolicySections & {
  /** By the name that calls say, or by method and template. */
  readonly routes?: Readonly<Record<string, PolicySections>>;
};
