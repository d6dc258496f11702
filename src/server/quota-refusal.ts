import { MeshError } from '../core/errors.ts';
import { formatRate } from '../policy/rate.ts';
import type { Policy } from '../policy/table.ts';
import type { ReadRule } from '../quota/meters.ts';
import { formatRateLimit, RATE_LIMIT, RATE_LIMIT_POLICY } from '../wire/rate-limit.ts';

/** A rule of `quota.requests`, read. */
export type RequestRule = ReadRule<Policy['quota']['requests'][number]>;

/** What a request gets that was not let in: the rule that spoke, and when to come again. */
export class QuotaRefusal extends MeshError {
  /** What the answer says of the quotas, in the fields that the IETF has for it. */
  readonly fields: Readonly<Record<string, string>>;
  /** The rule that spoke. */
  readonly violated: string;

  /** `policies` is what there is to go by, as `RateLimit-Policy` says it. */
  constructor(service: string, policies: string, { title, rule }: RequestRule, waitMs: number) {
    super('quota', `${service}: more than ${formatRate(rule.rate)} per ${rule.per}`, { service, retryAfterMs: waitMs });
    this.violated = title;
    this.fields = { [RATE_LIMIT_POLICY]: policies, [RATE_LIMIT]: formatRateLimit(title, 0, waitMs) };
  }
}
