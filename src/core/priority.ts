/** How much a call matters when not all can be served: the first is served last to go, the last is the first to go. */
export const PRIORITIES = ['critical', 'default', 'sheddable'] as const;

/** How much a call matters when not all can be served. */
export type Priority = (typeof PRIORITIES)[number];
