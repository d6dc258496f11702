/** What an `orders` server is made of. */
export interface OrdersSettings {
  readonly registry: string;
  readonly weight: number;
  /** How long an answer takes. */
  readonly answerMs: number;
  /** 0 takes any. */
  readonly port: number;
  /** Whether it stands ready, and begins when it is told: to start a process takes as long as the machine is busy. */
  readonly waits?: boolean;
}

/** What a client is made of. */
export interface ClientSettings {
  readonly registry: string;
  /** The servers, for the client that has no mesh to find them. */
  readonly urls: readonly string[];
  readonly callsPerSecond: number;
}

/** What the stage tells a server: to begin, which share of its answers is to fail, to take no connections, or that it is over. */
export type ToOrders = { readonly failing: number } | 'begin' | 'deaf' | 'end';

/** What the stage tells a client: which phase begins, or that it is over. */
export type ToClient = { readonly phase: number } | 'end';

/** What a server tells the stage: where it listens, and before, where it waits, that it stands ready. */
export interface FromOrders {
  readonly port: number;
}

export type Ready = 'ready';

/** Calls, and how they went. Milliseconds are those of the calls that were answered. */
export interface Figures {
  readonly calls: number;
  readonly failed: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** An endpoint, as the mesh of the client sees it. */
export interface EndpointReport {
  readonly address: string;
  readonly state: 'in' | 'out' | 'probing';
  readonly why: string;
  /** Attempts that ended since the report before, and the milliseconds they took in all. */
  readonly attempts: number;
  readonly ms: number;
}

/** Something the mesh did, worth a line. */
export type Deed =
  | { readonly is: 'retry'; readonly why: string }
  | { readonly is: 'ejected'; readonly address: string; readonly failures: number; readonly forMs: number }
  | { readonly is: 'returned'; readonly address: string }
  | { readonly is: 'panic'; readonly on: boolean }
  | { readonly is: 'stale'; readonly on: boolean }
  | { readonly is: 'joined' | 'left'; readonly address: string }
  | { readonly is: 'budget'; readonly why: string };

/** What a client tells the stage, ten times a second. */
export interface Report {
  readonly total: Figures;
  readonly attempts: number;
  readonly endpoints: readonly EndpointReport[];
  readonly deeds: readonly Deed[];
}

/** What a client tells at the end. */
export interface FinalReport extends Report {
  readonly phases: readonly Figures[];
}
