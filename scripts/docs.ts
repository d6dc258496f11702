import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { channelsPage } from './docs/channels.ts';
import { errorsPage } from './docs/errors.ts';
import { eventsPage } from './docs/events.ts';
import { flagsPage } from './docs/flags.ts';
import { meshPage } from './docs/mesh.ts';
import { metricsPage } from './docs/metrics.ts';
import { policyPage } from './docs/policy.ts';
import { slotPages, slotsPage } from './docs/slots.ts';
import { spansPage } from './docs/spans.ts';
import { doorsPage, typesPage } from './docs/types.ts';
import { isMain, root } from './run.ts';

/** The pages that code writes, by where they stand. */
export const pages: Readonly<Record<string, () => string>> = {
  'docs/reference/mesh.md': meshPage,
  'docs/reference/types.md': typesPage,
  'docs/reference/entry-points.md': doorsPage,
  'docs/reference/policy.md': policyPage,
  'docs/reference/slots.md': slotsPage,
  ...slotPages(),
  'docs/reference/errors.md': errorsPage,
  'docs/reference/events.md': eventsPage,
  'docs/reference/flags.md': flagsPage,
  'docs/reference/metrics.md': metricsPage,
  'docs/reference/spans.md': spansPage,
  'docs/reference/channels.md': channelsPage,
};

/** Writes every page. */
export async function write(folder: string = root): Promise<void> {
  for (const [path, page] of Object.entries(pages)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), page());
  }
}

/** Says which pages are not what the code would write now. */
export async function stale(folder: string = root): Promise<string[]> {
  const found: string[] = [];
  for (const [path, page] of Object.entries(pages)) {
    const there = await readFile(join(folder, path), 'utf8').catch(() => undefined);
    if (there !== page()) found.push(`${path} is not what the code says; run npm run docs`);
  }
  return found;
}

if (isMain(import.meta)) await write();
