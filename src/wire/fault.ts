// Faults that a call asks for, in Envoy's headers.

/** What a call asks for. A share is of such calls, from 0 to 1. */
export interface AskedFault {
  readonly delayMs: number | undefined;
  readonly delayShare: number;
  readonly abort: true | undefined;
  readonly abortShare: number;
}

const LONGEST_MS = 300_000;

/** Reads what a call asks for; what can not be read is as if nothing was said. Which status it names is not gone by. */
export function readAskedFault(header: (name: string) => string | undefined): AskedFault {
  const delay = whole(header('x-envoy-fault-delay-request'));
  const status = whole(header('x-envoy-fault-abort-request')) ?? whole(header('x-envoy-fault-abort-grpc-request'));
  return {
    delayMs: delay === undefined ? undefined : Math.min(delay, LONGEST_MS),
    delayShare: share(header('x-envoy-fault-delay-request-percentage')),
    abort: status === undefined ? undefined : true,
    abortShare: share(header('x-envoy-fault-abort-request-percentage')),
  };
}

const share = (text: string | undefined): number => Math.min(100, whole(text) ?? 100) / 100;

const whole = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
