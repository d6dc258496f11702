// `inmesh/types`: every type that the mesh takes or gives, by name. What most programs name is in `inmesh` as well.
export type { AnswersFacts } from './answers/kept-answers.ts';
export type {
  CertificateOptions,
  Exchange,
  IdentityOptions,
  IssuerOptions,
  MintOptions,
  SignOptions,
} from './auth/options.ts';
export type { DecidedBy } from './balancer/odds.ts';
export type { CircuitFacts, CircuitState } from './circuit/facts.ts';
export type { UserBreaker, UserBreakers } from './core/breakers.ts';
export type { Attempt, Call, Caller, CallOptions, Fallback, Headers, Send } from './core/call.ts';
export type { CallEvent } from './core/call-events.ts';
export type { Clock, Timer } from './core/clock.ts';
export type { Compare, Compared, Comparison } from './core/compare.ts';
export type { Context, Flight, History, Landing, Served } from './core/context.ts';
export type { Endpoint } from './core/endpoint.ts';
export type { EjectedWhy, EndpointEvent, LevelFacts } from './core/endpoint-events.ts';
export type { Env } from './core/env.ts';
export type { AttemptReport, Code, Facts, MeshError, NextReport, Reason, Sent } from './core/errors.ts';
export type { MeshEvent } from './core/events.ts';
export type { FailedCall } from './core/failures.ts';
export type { IdentityFacts } from './core/identity.ts';
export type { HeaderFields, Keeper, Kept, Outgoing } from './core/kept.ts';
export type { LimitFacts } from './core/limits.ts';
export type { Cancel, Live, LiveValue } from './core/live.ts';
export type { MirrorFacts } from './core/mirrors.ts';
export type { Classify, Outcome } from './core/outcome.ts';
export type { OwnEvent } from './core/own-events.ts';
export type { PassedOver, PassedOverWhy } from './core/passed-over.ts';
export type { SlotDoes, SlotPlan } from './core/plan.ts';
export type { Principal } from './core/principal.ts';
export type { Priority } from './core/priority.ts';
export type { Random } from './core/random.ts';
export type { Resolution } from './core/resolution.ts';
export type { CancelListener, Scope } from './core/scope.ts';
export type { Filter, Service } from './core/service.ts';
export type { Slot, Stack } from './core/stack.ts';
export type { TappedAttempt, TappedCall } from './core/tapped.ts';
export type { FixedEndpoint, FixedServices } from './discovery/fixed.ts';
export type {
  Announcement,
  Instance,
  InstanceChange,
  Listing,
  Registry,
  RegistrySession,
  Resolving,
} from './discovery/registry.ts';
export type { Unreadable, UnreadableRecord } from './discovery/unreadable.ts';
export type { DeadlinePlan } from './filters/deadline.ts';
export type { ThrottleFacts } from './filters/throttle.ts';
export type { HedgeFacts } from './math/hedges.ts';
export type { AnnounceOptions } from './mesh/announce.ts';
export type { Authorizing, RequestToAuthorize } from './mesh/authorizing.ts';
export type { CloseOptions } from './mesh/close.ts';
export type { Stacks } from './mesh/cluster.ts';
export type { DependencyOptions } from './mesh/depends-on.ts';
export type { Mesh } from './mesh/mesh.ts';
export type { MeshOptions } from './mesh/options.ts';
export type { OutboundStack } from './mesh/outbound.ts';
export type { CallPlan, PlannedEndpoint, WayPlan } from './mesh/plan.ts';
export type { CloseTask } from './mesh/presence.ts';
export type { ServeOptions } from './mesh/serve.ts';
export type { ClusterSnapshot, EndpointSnapshot, OwnSnapshot, SessionFacts, Snapshot } from './mesh/snapshot.ts';
export type { TapOptions } from './mesh/tap.ts';
export type { TapMatch } from './mesh/tap-match.ts';
export type { Origin, Setting } from './policy/policy.ts';
export type { Policy, PolicyDocument, PolicySections, ServicePolicy } from './policy/table.ts';
export type { QuotaFacts } from './quota/meters.ts';
export type { RedisClient } from './redis/client.ts';
export type { Arrival, MeshReceiver } from './server/arrival.ts';
export type { RuleCount } from './server/authorize.ts';
export type { IncomingHeaders } from './server/fields.ts';
export type { GuardOptions } from './server/guard.ts';
export type { ConnectMiddleware, Handler, Listener } from './server/handler.ts';
export type { Problem } from './server/problem.ts';
export type { RequestContext, Routed } from './server/request-context.ts';
export type { SheddingFacts } from './server/shedding.ts';
export type { InboundStack } from './server/way-in.ts';
export type { AccessLogOptions } from './telemetry/access-log.ts';
export type { AttemptMessage, CallMessage, RequestMessage } from './telemetry/channels.ts';
export type { LogTarget } from './telemetry/log-writer.ts';
export type { Logger } from './telemetry/logger.ts';
export type { TelemetryOptions } from './telemetry/options.ts';
export type { AboutCall, FallbackAnswer } from './transport/about-call.ts';
export type { ResponseBody } from './transport/body.ts';
export type { Fetch } from './transport/fetch.ts';
export type { FetchInit } from './transport/fetch-message.ts';
export type { Fields, HeadersLike } from './transport/headers.ts';
export type { BodyLike } from './transport/payload.ts';
export type { RequestOptions } from './transport/request.ts';
export type { MeshResponse } from './transport/response.ts';
export type { Query } from './transport/target.ts';
export type { Baggage } from './wire/baggage.ts';
export type { Trace } from './wire/trace-context.ts';
