import type { Node } from '../core/node.ts';
import type { Policy } from '../policy/table.ts';

/** The labels that an endpoint must have for calls to go there. */
export class Subset {
  /** What becomes of calls where nobody has them. */
  readonly fallback: Policy['subset']['fallback'];
  readonly #labels: readonly (readonly [name: string, value: string])[];
  #isBare = false; // as it was told last

  constructor({ labels, fallback }: Policy['subset']) {
    this.#labels = inOrder(labels);
    this.fallback = fallback;
  }

  /** Whether an endpoint has them. */
  admits({ endpoint: { metadata, zone } }: Node): boolean {
    return this.#labels.every(([name, value]) => (name === 'zone' ? zone : metadata[name]) === value);
  }

  /**
   * Whether it is news that none of so many endpoints that take calls have them, or that some have again; told once. Where
   * there is no endpoint at all, that says nothing of labels.
   */
  isNews(having: number, all: number): boolean {
    const isBare = all > 0 ? having === 0 : this.#isBare;
    if (isBare === this.#isBare) return false;
    this.#isBare = isBare;
    return true;
  }

  /** `version=v2, zone=a`. */
  toString(): string {
    return this.#labels.map(([name, value]) => `${name}=${value}`).join(', ');
  }
}

const inOrder = (labels: Policy['subset']['labels']): (readonly [name: string, value: string])[] =>
  Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1));

/** The same for all that want the same labels, in whatever order, and do the same where nobody has them. */
export const keyOf = ({ labels, fallback }: Policy['subset']): string =>
  `${fallback} ${JSON.stringify(inOrder(labels))}`;

/** Whether calls may go to endpoints of any labels. */
export const isAny = ({ labels }: Policy['subset']): boolean => Object.keys(labels).length === 0;

/** Who has the labels that calls must find, and what becomes of these where nobody has; nothing where there are none. */
export function saySubset({ subset }: Pick<Policy, 'subset'>, nodes: Iterable<Node>): string | undefined {
  if (isAny(subset)) return undefined;
  const wanted = new Subset(subset);
  const live = [...nodes].filter(({ endpoint }) => endpoint.weight > 0);
  const having = live.filter((node) => wanted.admits(node)).length;
  if (having > 0) return `subset ${wanted}: ${having} of ${live.length} endpoints`;
  const instead = subset.fallback === 'any' ? 'so calls go to any' : 'so calls fail';
  return `subset ${wanted}: none of ${live.length} endpoints, ${instead}`;
}
