import { OutgoingAttempt, type WriteHeaders } from '../core/attempt.ts';
import type { Call } from '../core/call.ts';
import type { Context } from '../core/context.ts';
import { refuse } from '../core/service.ts';

/** The end of the way: hands the attempt to the caller's own client, whatever it is. */
export const sendService = (call: Call<unknown>, context: Context, write?: WriteHeaders): Promise<unknown> => {
  if (context.scope.cancelled) return refuse(context.scope.reason); // it is over: not a byte is sent
  try {
    const result = call.send(new OutgoingAttempt(call, context, write));
    return result instanceof Promise ? result : Promise.resolve(result);
  } catch (error) {
    return refuse(error); // a client that throws at once fails like one that rejects
  }
};
