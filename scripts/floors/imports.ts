import { type Exception, type House, PACKAGES_FROM } from './house.ts';
import type { Link, Source } from './tree.ts';

/** What is excused; each excuse that was needed is noted, so that the others can be thrown out. */
export type Excuse = (list: readonly Exception[], path: string, what: string) => boolean;

/** Imports only go down, and the folders of one floor do not know each other. */
export function directions(sources: readonly Source[], house: House): string[] {
  const known = new Set(sources.map(({ path }) => path));
  return sources.flatMap((source) =>
    source.links.flatMap((link) => {
      const at = `src/${source.path}:${link.line}`;
      if (link.file === undefined) return link.package === undefined ? [`${at} imports ${link.written}`] : [];
      if (!known.has(link.file)) return [`${at} imports ${link.written}, which is no file of src`];
      return direction(source, link.file, house).map((why) => `${at} imports src/${link.file}: ${why}`);
    }),
  );
}

function direction(source: Source, file: string, house: House): string[] {
  const to = file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
  if (to === source.folder && to !== '') return [];
  const [own, other] = [floorOf(source.folder, house), floorOf(to, house)];
  if (own === undefined || other === undefined) return []; // told by `folders`
  if (to === '') return ['nothing inside the house comes in by its doors'];
  if (own === other) return [`${source.folder}/ and ${to}/ are both on floor ${own}`];
  return own < other ? [`${source.folder}/ (floor ${own}) must not reach up to ${to}/ (floor ${other})`] : [];
}

/** The floor of a folder; doors are above everything. */
export const floorOf = (folder: string, { floors }: House): number | undefined =>
  folder === '' ? Number.POSITIVE_INFINITY : floors[folder];

/** Every folder has a floor, every file of `src` itself is a door. */
export function folders(sources: readonly Source[], house: House): string[] {
  const unknown = new Set(sources.map(({ folder }) => folder).filter((folder) => floorOf(folder, house) === undefined));
  const loose = sources.filter(({ folder, path }) => folder === '' && !house.doors.includes(path));
  return [
    ...[...unknown].map((folder) => `src/${folder}/ has no floor; give it one in scripts/floors/house.ts`),
    ...loose.map(({ path }) => `src/${path} is no entry point; there are ${house.doors.join(', ')}`),
  ];
}

/** No file needs itself, by whatever way; types count. Tarjan's algorithm: a circle is a strong component. */
export function circles(sources: readonly Source[]): string[] {
  const next = new Map(sources.map(({ path, links }) => [path, links.flatMap(({ file }) => file ?? [])]));
  const [order, low] = [new Map<string, number>(), new Map<string, number>()];
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string): void => {
    order.set(path, order.size);
    low.set(path, order.get(path)!);
    stack.push(path);
    for (const to of next.get(path) ?? []) {
      if (!next.has(to)) continue;
      if (!order.has(to)) visit(to);
      if (stack.includes(to)) low.set(path, Math.min(low.get(path)!, low.get(to)!));
    }
    if (low.get(path) !== order.get(path)) return;
    const circle = stack.splice(stack.indexOf(path));
    if (circle.length > 1 || next.get(path)!.includes(path)) found.push(circle.sort());
  };
  for (const path of next.keys()) if (!order.has(path)) visit(path);
  return found.map((circle) => `a circle: ${circle.map((path) => `src/${path}`).join(', ')} need each other`);
}

/** Only entry points hand on what other files made: whoever needs a thing imports the file that has it. */
export function barrels(sources: readonly Source[], { doors }: House): string[] {
  return sources
    .filter(({ path }) => !doors.includes(path))
    .flatMap(({ path, links, module }) => [
      ...links
        .filter(({ reexport, file }) => reexport && file !== undefined)
        .map(({ line, written }) => `src/${path}:${line} hands on ${written}`),
      ...module.handedOn.map((name) => `src/${path} hands on ${name}, which it imported`),
    ])
    .map((fault) => `${fault}; only entry points do`);
}

/** Packages and `node:` modules only from floor 3 up. */
export function lowPackages(sources: readonly Source[], house: House, excused: Excuse): string[] {
  return withPackages(sources)
    .filter(([{ folder }]) => (floorOf(folder, house) ?? 0) < PACKAGES_FROM)
    .filter(([{ path }, link]) => !excused(house.packages, path, link.package!))
    .map(([{ path, folder }, { line, package: name }]) => {
      const floor = floorOf(folder, house);
      return `src/${path}:${line} imports ${name}: packages are for floor ${PACKAGES_FROM} and up, this is floor ${floor}`;
    });
}

/** A package is known to one folder, so that it can be replaced there. */
export function spread(sources: readonly Source[], house: House, excused: Excuse): string[] {
  const users = new Map<string, Map<string, string>>(); // package, folder, a file of it
  for (const [{ folder, path }, { package: name }] of withPackages(sources)) {
    if (name!.startsWith('node:')) continue;
    const of = users.get(name!) ?? new Map<string, string>();
    users.set(name!, of.set(folder, of.get(folder) ?? path));
  }
  return [...users].flatMap(([name, of]) => {
    const left = [...of].filter(([, path]) => of.size > 1 && !excused(house.shared, path, name));
    const where = left.map(([folder]) => `src/${folder}`).join(' and ');
    return left.length > 1 ? [`${name} is imported in ${where}; one folder has to own it`] : [];
  });
}

const withPackages = (sources: readonly Source[]): [Source, Link][] =>
  sources.flatMap((source) =>
    source.links.filter((link) => link.package !== undefined).map((link): [Source, Link] => [source, link]),
  );
