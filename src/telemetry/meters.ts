import { MeshError } from '../core/errors.ts';
import type { MeshEvent, Outlet } from '../core/events.ts';
import type { Standing } from '../core/standing.ts';
import type { Decision } from '../core/watch.ts';
import { Few, OTHER } from './few.ts';
import { attemptLabels, callErrorType, requestLabels } from './http-labels.ts';
import type { MetricName } from './metrics.ts';
import { OTHER_METHOD, rpcCallLabels, rpcRequestLabels } from './rpc-labels.ts';
import { counted, decided, type Labels, observed, observedSession, type Sample } from './samples.ts';
import type {
  AttemptRecord,
  AttemptWatcher,
  CallRecord,
  CallWatcher,
  RequestRecord,
  RequestWatcher,
  Watcher,
} from './watcher.ts';

/** Where measurements go. */
export interface Sink {
  /** Whether it wants any now. */
  readonly on: boolean;
  /** Takes one; `elsewhere` says that another instrumentation records the same. */
  put(name: MetricName, value: number, labels: Labels, elsewhere: boolean): void;
  /** Hears who we are, and will ask `look` how things stand whenever it wants to know. */
  observe?(service: string, look: () => readonly Sample[]): void;
  close?(): void;
}

/** How metrics may be made out of calls. */
export interface MeterOptions {
  /** Whether the addresses of endpoints are among the labels. */
  readonly endpointLabels: boolean;
  /** Whether calls and requests of gRPC are measured as the conventions for RPC have it. */
  readonly rpc?: boolean;
  /** Whether OpenTelemetry's own instrumentation records calls, or the request being served now. */
  readonly elsewhere: (side: 'client' | 'server') => boolean;
}

const COUNTED: ReadonlySet<MeshEvent['type']> = new Set(Object.keys(counted) as MeshEvent['type'][]); // each call asks
const SERVICES = 500;
const ROUTES = 500;
const RULES = 500;
const ERRORS = 100;
const OTHERS = 100;

/** Measures calls, attempts, requests and events, in names that are few whatever strangers send. */
export class Meters implements Watcher, Outlet {
  readonly #sinks: readonly Sink[];
  readonly #options: MeterOptions;
  readonly #services = new Few(SERVICES);
  readonly #few: Readonly<Record<string, Few>> = {
    'http.route': new Few(ROUTES),
    'rpc.method': new Few(ROUTES, OTHER_METHOD),
    'error.type': new Few(ERRORS),
    'inmesh.zone': new Few(OTHERS),
    'inmesh.rule': new Few(RULES),
    'inmesh.rule.set': new Few(ROUTES),
  };
  #policies = 1;

  constructor(sinks: readonly Sink[], options: MeterOptions) {
    this.#sinks = sinks;
    this.#options = options;
  }

  get on(): boolean {
    for (const sink of this.#sinks) if (sink.on) return true;
    return false;
  }

  get onRequests(): boolean {
    return this.on;
  }

  hears(type: MeshEvent['type']): boolean {
    return COUNTED.has(type);
  }

  readonly tell = (event: MeshEvent): void => {
    if (event.type === 'policy' && event.accepted) this.#policies++;
    const samples = (counted[event.type] as ((event: MeshEvent) => readonly Sample[]) | undefined)?.(event) ?? [];
    for (const [name, value, labels] of samples) this.#put(name, value, labels);
  };

  /** Shows how things stand to whoever asks. */
  observe(service: string, look: () => Standing): void {
    this.#services.name(service);
    const samples = () => this.#standing(look());
    for (const sink of this.#sinks) sink.observe?.(service, samples);
  }

  watch(record: CallRecord): CallWatcher {
    return {
      attempt: (attempt) => this.#attempt(attempt),
      end: () => this.#call(record),
    };
  }

  request(): RequestWatcher {
    const elsewhere = this.#options.elsewhere('server');
    return { end: (record) => this.#request(record, elsewhere) };
  }

  decided(decision: Decision): void {
    const [name, value, labels] = decided(decision);
    this.#put(name, value, labels);
  }

  async close(): Promise<void> {
    for (const sink of this.#sinks) sink.close?.();
  }

  #attempt({ context, endpoint }: AttemptRecord): AttemptWatcher {
    this.#services.name(context.service); // it has an endpoint, so it is no name that a stranger made up
    const labels = { 'inmesh.service': context.service, 'inmesh.zone': endpoint.zone };
    this.#put('inmesh.picks', 1, this.#placed(labels, endpoint.address));
    return { end: (record) => this.#attempted(record) };
  }

  #attempted({ call, context, endpoint, outcome, ms }: AttemptRecord): void {
    const { service } = context;
    const type = callErrorType(outcome!, undefined);
    const labels = { 'inmesh.service': service, 'inmesh.outcome': outcome!.is, 'error.type': type };
    this.#put('inmesh.attempts', 1, this.#placed(labels, endpoint.address));
    if (call.method === undefined) return; // no HTTP, as far as we know
    const to = this.#options.endpointLabels ? endpoint : { service: this.#name(service), url: endpoint.url };
    const elsewhere = this.#options.elsewhere('client');
    this.#put('http.client.request.duration', ms / 1_000, attemptLabels(call.method, to, outcome!), elsewhere);
  }

  #call(record: CallRecord): void {
    const { context, outcome, settled, ms, resolution } = record;
    const { service } = context;
    const { is } = resolution();
    if (is === 'bound' || is === 'stale') this.#services.name(service);
    const error =
      settled !== undefined && 'error' in settled && MeshError.is(settled.error) ? settled.error : undefined;
    const labels = {
      'inmesh.service': service,
      'inmesh.outcome': error === undefined || error.reason === 'caller' ? outcome.is : 'failure',
      'error.type': callErrorType(outcome, error),
    };
    this.#put('inmesh.call.duration', ms / 1_000, labels);
    const rpc = this.#options.rpc ? rpcCallLabels(record, this.#name(service)) : undefined;
    if (rpc !== undefined) this.#put('rpc.client.call.duration', ms / 1_000, rpc);
  }

  #request(record: RequestRecord, elsewhere: boolean): void {
    const labels = requestLabels(record);
    this.#put('http.server.request.duration', record.ms / 1_000, labels, elsewhere);
    const rpc = this.#options.rpc ? rpcRequestLabels(record) : undefined;
    if (rpc !== undefined) this.#put('rpc.server.call.duration', record.ms / 1_000, rpc);
    const { scope, begunAt } = record.context;
    const left = record.refusal?.reason === 'deadline' ? 0 : scope.due - begunAt;
    if (left === Number.POSITIVE_INFINITY) return;
    this.#put('inmesh.request.deadline', left / 1_000, { 'http.route': labels['http.route'] ?? '' });
  }

  #standing({ clusters, session }: Standing): readonly Sample[] {
    const known = clusters.filter(({ resolution }) => resolution === 'bound' || resolution === 'stale');
    const named = known.filter(({ service }) => this.#services.name(service) !== OTHER);
    return [['inmesh.policy.version', this.#policies, {}], ...observedSession(session), ...named.flatMap(observed)];
  }

  #placed(labels: Labels, address: string): Labels {
    return this.#options.endpointLabels ? { ...labels, 'inmesh.endpoint': address } : labels;
  }

  /** The name of a service that is known to be one. */
  #name(service: string): string {
    return this.#services.known(service);
  }

  #put(name: MetricName, value: number, labels: Labels, elsewhere = false): void {
    const bounded: Record<string, string | number> = {};
    for (const key in labels) {
      const value = labels[key]!;
      if (value === '') continue;
      if (typeof value === 'number') bounded[key] = value;
      else bounded[key] = key === 'inmesh.service' ? this.#name(value) : (this.#few[key]?.name(value) ?? value);
    }
    for (const sink of this.#sinks) if (sink.on) sink.put(name, value, bounded, elsewhere);
  }
}
