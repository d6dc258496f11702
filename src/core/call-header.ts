import type { Call } from './call.ts';

/** A header of a request by its lower-case name, whoever put it there. The client's own wins, as it does on the wire. */
export function callHeader({ headers, request }: Call<unknown>, name: string): string | undefined {
  const value = request?.headers?.[name] ?? headers[name];
  return value === undefined || typeof value === 'string' ? value : [value].flat().join(', '); // a number, where no types are checked
}
