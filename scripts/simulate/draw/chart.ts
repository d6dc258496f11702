/** One line of a panel. Colour and dashes go by the order in which names first appear in a chart. */
export interface Series {
  readonly name: string;
  /** NaN leaves a gap. */
  readonly points: readonly Point[];
  /** `steps` for what is so until it changes. A line unless told. */
  readonly as?: 'line' | 'steps';
}

export type Point = readonly [x: number, y: number];

/** One diagram over the x axis that all panels of a chart share. */
export interface Panel {
  /** What goes up, with its unit: `p99, ms`. */
  readonly y: string;
  readonly series: readonly Series[];
  /** Where the axis begins and ends. From 0 to the highest point unless told. */
  readonly from?: number;
  readonly to?: number;
  readonly scale?: 'linear' | 'log';
  /** Levels to compare with. */
  readonly levels?: readonly { readonly y: number; readonly name: string }[];
}

/** A picture of what happened. */
export interface Chart {
  /** What goes right, with its unit: `seconds`. */
  readonly x: string;
  readonly panels: readonly Panel[];
  /** Stretches of the x axis in which something was the matter; a moment where `to` is not told. */
  readonly spans?: readonly { readonly from: number; readonly to?: number; readonly name: string }[];
}
