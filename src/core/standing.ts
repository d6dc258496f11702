/** How things stand with one service called, as those who measure see it. */
export interface ServiceStanding {
  readonly service: string;
  readonly resolution: string;
  /** For how long its list has stood without the registry; null while that is there. */
  readonly stale: { readonly ms: number } | null;
  readonly panic: boolean;
  readonly retriesLeft: number;
  /** How many calls may be under way and how many wait for that; null where nothing is limited. */
  readonly limit: { readonly limit: number | null; readonly waiting: number } | null;
  readonly circuits: readonly { readonly state: string }[];
  readonly endpoints: readonly { readonly state: string; readonly inFlight: number }[];
}

/** How things stand in a mesh. */
export interface Standing {
  /** The session with the registry; null where that needs none. */
  readonly session: { readonly state: string } | null;
  readonly clusters: readonly ServiceStanding[];
}
