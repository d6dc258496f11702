/** How much a call matters when not all can be served: the first is served last to go, the last is the first to go. */
export const PRIORITIES = ['critical', 'default', 'sheddable'] as const;

/** How much a call matters when not all can be served. */
export type Priority = (typeof PRIORITIES)[number];

/** Reads what stands in baggage; anything that is no priority is as if nothing was said. */
export const priorityOf = (text: string | undefined): Priority =>
  text === 'critical' || text === 'sheddable' ? text : 'default';
