import type { OrcaReport } from '../../src/wire/orca.ts';

/** A report in which there is all that there may be. */
export const FULL_REPORT: OrcaReport = {
  cpuUtilization: 0.3,
  memUtilization: 0.8,
  applicationUtilization: 1.2,
  rps: 1_000.5,
  eps: 2,
  utilization: { disk: 0.4 },
  named: { queue: 17, 'foo.bar': 1.5 },
};
