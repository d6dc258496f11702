import type { Acl } from './operations.ts';

/** Who may touch what we register: anybody, only who has our credentials, or they alone write and anybody reads. */
export type AclName = keyof typeof acls;

const READ = 1;
const ALL = 31;
const ANYBODY: Acl = { permissions: ALL, scheme: 'world', id: 'anyone' };
const CREATOR: Acl = { permissions: ALL, scheme: 'auth', id: '' }; // the server puts in who we proved to be

/** What each name means to the server. */
export const acls = {
  open: [ANYBODY],
  creator: [CREATOR],
  'read-only-world': [CREATOR, { ...ANYBODY, permissions: READ }],
} as const satisfies Record<string, readonly Acl[]>;
