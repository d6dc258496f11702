/** The settings that the stage gave this process. */
export const settings = <T>(): T => JSON.parse(process.argv[2]!) as T;

/** Tells the stage something. */
export const tell = (message: object | string): void => void process.send?.(message);

/** Hears the stage. When that is gone, however it ended, so is this process: nothing of the demo stays behind. */
export function hear<T>(listener: (message: T) => void): void {
  process.on('message', listener);
  process.on('disconnect', () => process.exit());
  process.on('SIGINT', () => {}); // Ctrl-C reaches every process of a terminal; the stage says when it is over
}
