import type { RawReply, RawStat } from './library.ts';
import type { Answer, Stat } from './operations.ts';

/** What the client made of a reply, in words that no client library owns. */
export function answerOf(payload: RawReply | null | undefined): Omit<Answer, 'zxid'> {
  if (!payload) return {};
  return {
    ...(payload.stat && { stat: statOf(payload.stat) }),
    ...(payload.data && { data: payload.data }),
    ...(payload.children && { children: payload.children }),
    ...(payload.acl && {
      acl: payload.acl.map(({ perms, id }) => ({ permissions: perms, scheme: id.scheme, id: id.id })),
    }),
    ...(payload.results && { errors: payload.results.map((result) => result.err ?? 0) }),
  };
}

const statOf = (raw: RawStat): Stat => ({
  czxid: raw.czxid.readBigInt64BE(),
  ctime: raw.ctime.readBigInt64BE(),
  mzxid: raw.mzxid.readBigInt64BE(),
  pzxid: raw.pzxid.readBigInt64BE(),
  ephemeralOwner: raw.ephemeralOwner.readBigInt64BE(),
  version: raw.version,
  dataLength: raw.dataLength,
  numChildren: raw.numChildren,
});
