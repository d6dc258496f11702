/** What a round came to, by name: `cpuNs`, `p50Us` and the like. */
export type Figures = Readonly<Record<string, number>>;

/** What a round is to do: how long, how many at once. Each bench says which words it knows. */
export type Task = Readonly<Record<string, number>>;

/** One way of doing the thing that a bench is about. Lives in a process of its own. */
export interface Competitor {
  /** Does the work for a while, and says what it cost. */
  round(task: Task): Promise<Figures>;
  /** Lets go of what it holds. */
  close?(): Promise<void> | void;
}

/** Makes a competitor ready. */
export type Opening = () => Competitor | Promise<Competitor>;
