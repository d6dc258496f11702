import { channel } from 'node:diagnostics_channel';
import type { TestContext } from 'node:test';

/** One message, as it looked when it was published. */
export interface Published {
  readonly name: string;
  readonly message: Readonly<Record<string, unknown>>;
}

/** Hears channels of `node:diagnostics_channel` until the test ends. */
export function listenTo(context: TestContext, ...names: readonly string[]): readonly Published[] {
  const heard: Published[] = [];
  for (const name of names) {
    const hear = (message: unknown) => void heard.push({ name, message: { ...(message as object) } });
    channel(name).subscribe(hear);
    context.after(() => channel(name).unsubscribe(hear));
  }
  return heard;
}
