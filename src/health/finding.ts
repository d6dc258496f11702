import type { Finding } from '../core/probe.ts';

export const WELL: Finding = Object.freeze({ ok: true, why: 'well', atOnce: false });

/** The endpoint has answered that it is not well. */
export const unwell = (why: string): Finding => ({ ok: false, why, atOnce: true });
