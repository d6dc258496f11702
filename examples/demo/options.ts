import { parseArgs } from 'node:util';

/** What the demo may be told. */
export interface Options {
  readonly seconds: number;
  /** Lines instead of a live picture. */
  readonly plain: boolean;
  /** One call that got past dead and failing servers, as a tree, in place of the piece. */
  readonly trace: boolean;
  /** A registry to use instead of a folder of its own; `zookeeper` is a server of its own. */
  readonly registry: string | undefined;
  readonly help: boolean;
}

/** What `--help` says. */
export const usage = `npm run demo -- [options]

  --seconds N      how long it takes, from 5 to 600; 20 unless told
  --plain          lines instead of a live picture; so it is anyway where the output is no terminal
  --trace          one call that got past dead and failing servers, as a tree with the reasons; takes a second or two
  --registry URL   a registry to use instead of a folder of its own: local:///a/folder, zookeeper://host:2181;
                   zookeeper alone starts a server of its own, which is killed and started again too
  --help           these lines`;

/** Reads the command line. @throws Error that says what is wrong with it. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      seconds: { type: 'string', default: '20' },
      plain: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
      registry: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds >= 5 && seconds <= 600)) throw new Error(`--seconds must be from 5 to 600, got '${values.seconds}'`);
  const { plain, trace, registry, help } = values;
  return { seconds, plain, trace, registry, help };
}
