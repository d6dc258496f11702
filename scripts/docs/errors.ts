import { codes, reasons } from '../../src/core/errors.ts';
import { code, grid, made } from './page.ts';

/** The reference of everything that the mesh itself can refuse. */
export function errorsPage(): string {
  const ofCode = (wanted: string): string[] =>
    Object.entries(reasons)
      .filter(([, reason]) => reason.code === wanted)
      .map(([name]) => code(name));
  return [
    made('src/core/errors.ts'),
    '# Errors',
    'What the mesh itself refuses is a `MeshError`; `MeshError.is(error)` knows one, also one of another copy of the package. What your own client throws comes to you as it is, never wrapped. An error states facts and gives no advice: `code` and `reason` say what and which mechanism, `status` is the HTTP twin, `sent` says whether the other side may have seen the request (`no`, `maybe`, `yes`), `attempts` lists every attempt.',
    '## Codes',
    grid(
      ['code', 'HTTP', 'meaning', 'reasons'],
      Object.entries(codes).map(([name, { http, about }]) => [code(name), `${http}`, about, ofCode(name).join(', ')]),
    ),
    '## Reasons',
    grid(
      ['reason', 'code', 'meaning'],
      Object.entries(reasons).map(([name, reason]) => [code(name), code(reason.code), reason.about]),
    ),
    '',
  ].join('\n\n');
}
