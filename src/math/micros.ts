/** Milliseconds as people read them: what a clock says beyond a microsecond is noise. */
export const micros = (ms: number): number => Math.round(ms * 1_000) / 1_000;
