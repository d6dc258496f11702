import type { AxiosError, AxiosInstance, InternalAxiosRequestConfig } from 'axios';
import { MeshError } from '../core/errors.ts';

/** The class of errors of one copy of axios. */
export type ErrorClass = typeof AxiosError;

/**
 * The AxiosError of the very copy of axios that made `instance`, so that `instanceof` holds for its user: there may be
 * several in a process, and an instance does not show it. Asked for an adapter that there is not, it throws one.
 */
export async function errorClassOf(instance: AxiosInstance): Promise<ErrorClass> {
  const fresh = instance.create(); // without the interceptors of the user
  try {
    await fresh.request({ url: '/', adapter: 'none' as never, transformRequest: [] });
  } catch (error) {
    return (error as AxiosError).constructor as ErrorClass;
  }
  throw new MeshError('bug', 'this axios knows an adapter by the name of none');
}

/** An error as users of axios know it, with what really happened as its cause. */
export function toAxiosError(
  Class: ErrorClass,
  error: unknown,
  config: InternalAxiosRequestConfig,
  request: unknown,
): AxiosError {
  const { message, code } = describe(error, config);
  const wrapped = new Class(message, code, config, request);
  // As axios does: not enumerable, since causes tend to be too large to log.
  Object.defineProperty(wrapped, 'cause', { value: error, writable: true, enumerable: false, configurable: true });
  return wrapped;
}

function describe(error: unknown, config: InternalAxiosRequestConfig): { message: string; code: string } {
  if (error instanceof RangeError) {
    return { message: `maxContentLength size of ${config.maxContentLength} exceeded`, code: 'ERR_BAD_RESPONSE' };
  }
  if (!MeshError.is(error)) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { message: message ?? String(error), code: code ?? 'ERR_NETWORK' };
  }
  const { message } = error;
  switch (error.code) {
    case 'DEADLINE_EXCEEDED':
      return timedOut(config, message);
    case 'CANCELLED':
      return { message, code: 'ERR_CANCELED' };
    case 'INVALID_ARGUMENT':
      return { message, code: 'ERR_BAD_REQUEST' };
    default:
      return { message, code: networkCode(error) };
  }
}

/** What axios says when `config.timeout` is over; when it is the policy's deadline, what the mesh says. */
function timedOut(config: InternalAxiosRequestConfig, message: string): { message: string; code: string } {
  const { timeout, timeoutErrorMessage, transitional } = config;
  const own = Number(timeout) > 0 ? `timeout of ${timeout}ms exceeded` : message;
  return {
    message: timeoutErrorMessage || own,
    code: transitional?.clarifyTimeoutError ? 'ETIMEDOUT' : 'ECONNABORTED',
  };
}

/** The code that axios would have seen on its own: the system's where there is one. */
function networkCode({ reason, cause }: MeshError): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code !== undefined && /^E[A-Z]+$/.test(code)) return code;
  return reason === 'reset' ? 'ECONNRESET' : 'ERR_NETWORK';
}
