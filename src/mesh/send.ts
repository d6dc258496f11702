import { OutgoingAttempt } from '../core/attempt.ts';
import type { Call } from '../core/call.ts';
import { refuse, type Service } from '../core/service.ts';

/** The end of the way: hands the attempt to the caller's own client, whatever it is. */
export const sendService: Service<Call<unknown>, unknown> = (call, context) => {
  if (context.scope.cancelled) return refuse(context.scope.reason); // it is over: not a byte is sent
  try {
    const result = call.send(new OutgoingAttempt(call, context));
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (error) {
    return refuse(error); // a client that throws at once fails like one that rejects
  }
};
