import { hiddenInputs } from './floors/hidden.ts';
import { type Exception, type House, house } from './floors/house.ts';
import { barrels, circles, directions, type Excuse, folders, lowPackages, spread } from './floors/imports.ts';
import { readTree } from './floors/tree.ts';
import { frontDoor, lengths, words } from './floors/words.ts';
import { isMain, root } from './run.ts';

/** Everything in which a tree is not built as the house is meant to be; empty when all is well. */
export async function inspect(folder: string, plan: House): Promise<string[]> {
  const sources = readTree(folder);
  const needed = new Set<Exception>();
  const excused: Excuse = (list, path, what) => {
    const found = list.find((one) => one.what === what && covers(one.where, path));
    if (found !== undefined) needed.add(found);
    return found !== undefined;
  };
  const found = [
    ...folders(sources, plan),
    ...directions(sources, plan),
    ...circles(sources),
    ...barrels(sources, plan),
    ...lowPackages(sources, plan, excused),
    ...spread(sources, plan, excused),
    ...hiddenInputs(sources, plan, excused),
    ...lengths(folder, plan),
    ...frontDoor(sources, plan),
    ...(await words(folder, sources, plan, excused)),
  ];
  const idle = [...plan.packages, ...plan.shared, ...plan.hidden, ...plan.sections].filter((one) => !needed.has(one));
  return [...found, ...idle.map(({ where, what }) => `src/${where} may use ${what}, but does not; drop the exception`)];
}

/** The faults of this package. */
export const faults = (): Promise<string[]> => inspect(root, house);

const covers = (where: string, path: string): boolean =>
  where === '' || where.endsWith('/') ? path.startsWith(where) : path === where;

if (isMain(import.meta)) {
  const found = await faults();
  for (const fault of found) console.error(fault);
  console.log(found.length === 0 ? 'The house stands.' : `${found.length} faults.`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
