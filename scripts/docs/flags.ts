import { type Reason, reasons } from '../../src/core/errors.ts';
import { flagOfReason, flags } from '../../src/telemetry/flags.ts';
import { operators } from '../../src/telemetry/format.ts';
import { code, grid, made } from './page.ts';

/** The reference of the access log: its letters and its operators. */
export function flagsPage(): string {
  const reasonsOf = (flag: string): string[] => [
    ...(Object.keys(reasons) as Reason[]).filter((reason) => flagOfReason[reason] === flag),
    ...(flag === 'NR' ? ['no-endpoints'] : []),
  ];
  return [
    made('src/telemetry/flags.ts and src/telemetry/format.ts'),
    '# The access log',
    'One line for each call, in the format that Envoy has unless told otherwise, so that what reads those reads these. `createMesh({ telemetry: { accessLog } })` switches it on.',
    '## Response flags',
    'Why a call failed, in Envoy’s letters; `-` for one that was answered, whatever the answer. Where there are two, a comma stands between them. The status is what Envoy would have answered.',
    grid(
      ['flag', 'status', 'meaning', 'reasons of errors'],
      Object.entries(flags).map(([flag, { http, about }]) => [
        code(flag),
        `${http}`,
        about,
        reasonsOf(flag).map(code).join(', '),
      ]),
    ),
    '## Operators',
    'What a format is made of. Empty values are `-`; `%REQ(A?B)%` takes the first that there is, and `%REQ(A):10%` ten characters at most. Headers are written only if `headers` names them. Signs that are not plain ASCII, quotes and backslashes are escaped.',
    grid(
      ['operator', 'meaning'],
      Object.entries(operators).map(([name, { about }]) => [code(`%${name}%`), about]),
    ),
    '',
  ].join('\n\n');
}
