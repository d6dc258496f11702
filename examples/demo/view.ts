import type { Figures } from './messages.ts';
import type { Server, Show } from './show.ts';
import { bar, count, counted, type Line, millis, type Piece } from './text.ts';

const WIDEST = 92;
const BESIDES = 69; // columns of an endpoint's line beside its bar
const JOURNAL = 10; // lines

/** What a picture needs to know beside the show. */
export interface Frame {
  readonly seconds: number;
  readonly columns: number;
  readonly rows: number;
}

/** The picture at this moment, from top to bottom. */
export function picture(show: Show, frame: Frame): Line[] {
  const width = Math.min(WIDEST, frame.columns - 1);
  const above = [
    [],
    ...head(show, frame.seconds, width),
    [],
    endpointsHead(width),
    ...show.servers.map((server) => endpointLine(show, server, width)),
    [],
    CLIENTS,
    clientLine('with the mesh', show.mesh, 'green', did(show)),
    clientLine('round robin', show.plain, undefined, 'no mesh, one try'),
    [],
  ];
  const room = Math.min(JOURNAL, frame.rows - 1 - above.length);
  const journal = room > 0 ? show.journal.last(room) : [];
  return [...above, ...journal, ...Array.from({ length: Math.max(0, room - journal.length) }, (): Line => [])];
}

function head({ at, phase }: Show, seconds: number, width: number): Line[] {
  const time = `${Math.min(at, seconds).toFixed(1)} of ${seconds} s`;
  const title = '  checkout → orders   ';
  const room = Math.max(0, width - title.length - time.length);
  const done = Math.round(Math.min(1, at / seconds) * (width - 2));
  return [
    [['  checkout → orders', 'bold'], ['   '], [phase.slice(0, room).padEnd(room), 'yellow'], [time, 'dim']],
    [['  '], ['━'.repeat(done), 'cyan'], ['─'.repeat(Math.max(0, width - 2 - done)), 'dim']],
  ];
}

const barOf = (width: number): number => Math.min(24, Math.max(8, width - BESIDES));

const endpointsHead = (width: number): Line => [
  [`    ${'server'.padEnd(8)}${'weight'.padStart(8)}  ${'share'.padEnd(barOf(width) + 5)}`, 'dim'],
  [`${'calls/s'.padStart(8)}${'latency'.padStart(9)}   health`, 'dim'],
];

function endpointLine(show: Show, server: Server, width: number): Line {
  const { share, perSecond, ms } = show.lately(server.address);
  const [mark, health, colour] = healthOf(show, server);
  return [
    ['  '],
    [mark, colour],
    [` ${server.name} `, 'bold'],
    [server.address.replace(/.*:/, ':').padEnd(6), 'dim'],
    [String(server.weight).padStart(8)],
    ['  '],
    [bar(share, barOf(width)), colour === 'red' ? 'red' : server.answerMs > 100 ? 'yellow' : 'green'],
    [`${Math.round(share * 100)} %`.padStart(5)],
    [`${perSecond}`.padStart(8)],
    [millis(ms).padStart(9)],
    ['   '],
    [health, colour],
  ];
}

type Colour = 'green' | 'red' | 'yellow' | 'cyan' | 'dim';

/** What the mesh holds of a server, and what the stage knows of it. */
function healthOf({ endpoints }: Show, { address, condition }: Server): [mark: string, health: string, Colour] {
  const known = endpoints.find((endpoint) => endpoint.address === address);
  if (condition === 'starting') return ['○', 'starting', 'dim'];
  if (known === undefined)
    return condition === 'killed' ? ['✕', 'killed, off the list', 'red'] : ['○', 'not listed', 'dim'];
  const doing = condition === 'killed' ? ', killed' : condition === 'failing' ? ', fails half' : '';
  if (known.state === 'out') return ['✕', `${leftOut(known.why)}${doing}`, 'red'];
  if (known.state === 'probing') return ['◐', `on probation${doing}`, 'cyan'];
  return condition === 'well' ? ['●', 'in rotation', 'green'] : ['●', `in${doing}`, 'yellow'];
}

/** `out 0.8 s`, of a sentence that says `out for another 776ms`. */
function leftOut(why: string): string {
  const [, seconds = '0', ms = '0'] = /another (?:(\d+)s)?(?:(\d+)ms)?/.exec(why) ?? [];
  const left = Number(seconds) + Number(ms) / 1_000;
  return left > 0 ? `out ${left.toFixed(1)} s` : 'out, due for a try';
}

const CLIENTS: Line = [
  [
    `${''.padEnd(15)}${'calls'.padStart(7)}${'failed'.padStart(8)}${'p50'.padStart(8)}${'p90'.padStart(8)}${'p99'.padStart(8)}`,
    'dim',
  ],
];

function clientLine(
  name: string,
  { calls, failed, p50, p90, p99 }: Figures,
  style: 'green' | undefined,
  note: string,
): Line {
  const failures: Piece = [count(failed).padStart(8), failed === 0 ? 'green' : ['bold', 'red']];
  return [
    [`  ${name.padEnd(13)}`, ['bold', ...(style === undefined ? [] : [style])]],
    [count(calls).padStart(7)],
    failures,
    [millis(p50).padStart(8)],
    [millis(p90).padStart(8)],
    [millis(p99).padStart(8)],
    [`  ${note}`, 'dim'],
  ];
}

const did = ({ tallies }: Show): string =>
  `${counted(tallies.retry, 'retry', 'retries')}, ${counted(tallies.ejected, 'ejection', 'ejections')}`;

/** The same in one line, for where there is no terminal. */
export function sentence(show: Show): Line {
  const shares = show.servers.map((server) => {
    const { share, ms } = show.lately(server.address);
    return `${server.name} ${`${Math.round(share * 100)}`.padStart(3)} % ${millis(ms).padStart(7)} ${healthOf(show, server)[1]}`;
  });
  const { mesh, plain } = show;
  return [
    [`${show.at.toFixed(1).padStart(7)} s  `],
    [`  ${shares.join(' | ')} | failed ${mesh.failed} of ${count(mesh.calls)}, without the mesh ${plain.failed}`],
  ];
}
