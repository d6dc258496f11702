/** One thing that is looked at. */
export interface Step {
  readonly name: string;
  readonly run: () => Promise<Verdict>;
}

export interface Verdict {
  readonly ok: boolean;
  /** What to show when it is not. */
  readonly output: string;
  readonly passed?: number;
  readonly failed?: number;
}

export interface Done extends Verdict {
  readonly name: string;
  readonly ms: number;
}

/** Runs steps, some at a time, and tells of each as it ends. Those in a list of their own run one after the other. */
export async function runSteps(
  steps: readonly (Step | readonly Step[])[],
  atOnce: number,
  tell: (done: Done) => void,
): Promise<Done[]> {
  const waiting = [...steps];
  const all: Done[] = [];
  const take = async (step: Step): Promise<void> => {
    const started = performance.now();
    const verdict = await step.run().catch((error: unknown) => ({ ok: false, output: inspect(error) }));
    const done = { ...verdict, name: step.name, ms: performance.now() - started };
    all.push(done);
    tell(done);
  };
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      for (const step of [next].flat()) await take(step);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return all;
}

const inspect = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** A line for each, and why it is not well. */
export function tell(done: Done): void {
  console.log(line(done));
  if (!done.ok) console.log(`${done.output.trimEnd().replaceAll(/^/gm, '    ')}\n`);
}

const line = ({ ok, name, ms, passed }: Done): string =>
  `${ok ? '✔' : '✖'} ${name.padEnd(NAME)} ${seconds(ms).padStart(8)}  ${passed === undefined ? '' : `${passed} passed`}`.trimEnd();

const NAME = 34; // letters of the longest name

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
