/** What is measured, how, and what it means. */
export interface Metric {
  /** `observed` ones are looked up when somebody asks; the others are told as things happen. */
  readonly instrument: 'counter' | 'histogram' | 'observed';
  /** In the words of UCUM, as OpenTelemetry has it; what is counted stands in braces. */
  readonly unit: string;
  readonly attributes: readonly string[];
  /** The upper bounds of a histogram's buckets. */
  readonly boundaries?: readonly number[];
  readonly about: string;
}

/** The upper bounds of durations, as the conventions of OpenTelemetry advise for HTTP. */
export const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;
