import type { Attempt, Send } from '../core/call.ts';
import type { Clock } from '../core/clock.ts';
import type { Context } from '../core/context.ts';
import type { Service } from '../core/service.ts';

/** One answer of a script. `ms` is how long it takes; a step of which nothing else is said never answers. */
export type Step<Res> = { readonly ms?: number } & (
  | { readonly value: Res }
  | { readonly error: unknown }
  | { readonly never: true }
);

/** One time that a script was asked. */
export interface Asked {
  /** When, on the clock. */
  readonly at: number;
  /** What `send` was given; undefined where the script was asked as a service. */
  readonly attempt: Attempt | undefined;
  /** What the service was given; undefined where the script was asked as a `send`. */
  readonly context: Context | undefined;
}

/** Something that answers as it was told to: as a service, to put filters around, or as the `send` of a call. */
export interface Script<Res> {
  /** The same at the end of a stack, as filters see it. */
  readonly service: Service<unknown, Res>;
  /** What to give to `mesh.call`. */
  readonly send: Send<Res>;
  /** Every time it was asked, first to last. */
  readonly asked: readonly Asked[];
}

/**
 * Answers with each step in turn, and with the last one for ever after. Does not listen to any signal.
 * @param clock By which steps take their time.
 * @param steps What is answered; one at least.
 * @throws RangeError where there is none.
 */
export function script<Res>(clock: Clock, ...steps: readonly Step<Res>[]): Script<Res> {
  if (steps.length === 0) throw new RangeError('a script needs a step, such as { value: 1 }');
  const asked: Asked[] = [];
  const play = (attempt: Attempt | undefined, context: Context | undefined): Promise<Res> => {
    const step = steps[Math.min(asked.length, steps.length - 1)]!;
    asked.push({ at: clock.now(), attempt, context });
    return new Promise((resolve, reject) => {
      if ('never' in step) return;
      const settle = () => ('error' in step ? reject(step.error) : resolve(step.value));
      if (step.ms === undefined) settle();
      else clock.schedule(step.ms, settle);
    });
  };
  return {
    asked,
    service: (_request, context) => play(undefined, context),
    send: (attempt) => play(attempt, undefined),
  };
}

/** An answer in the shape that undici and node:http give. */
export interface Answer {
  /** The HTTP status. */
  readonly statusCode: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * An answer of this status.
 * @param statusCode The HTTP status.
 * @param headers By lower-case name; none unless told.
 */
export const answer = (statusCode: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  statusCode,
  headers,
});

/** The error of a connection that nobody took, as Node throws it. */
export const refused = (): Error =>
  Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED', syscall: 'connect' });

/** The error of a connection that ended while the answer was awaited, as Node throws it. */
export const reset = (): Error => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' });
