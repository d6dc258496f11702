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
