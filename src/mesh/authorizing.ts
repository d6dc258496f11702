import { MeshError } from '../core/errors.ts';
import type { Principal } from '../core/principal.ts';
import { ANONYMOUS } from '../core/principal.ts';
import type { PolicySet } from '../policy/policy.ts';
import { type Authority, explainAuthorize, type RuleCount } from '../server/authorize.ts';
import type { IncomingHeaders } from '../server/fields.ts';
import { RouteGuards } from '../server/route-guards.ts';
import type { Asked } from '../server/rules.ts';
import { routeFor } from '../server/way-in.ts';
import type { RequestOptions } from '../transport/request.ts';
import type { MeshResponse } from '../transport/response.ts';
import { CHECK_HEADER, FALLBACK_HEADER } from '../wire/nack.ts';

const PATIENCE = '200ms'; // Envoy's for an external authorizer

/** A request to ask the rules about. */
export interface RequestToAuthorize {
  /** `GET` unless told. */
  readonly method?: string | undefined;
  /** The path, with its query if it has one. */
  readonly path: string;
  /** By lower-case name. */
  readonly headers?: IncomingHeaders | undefined;
  /** Who calls; anonymous unless told. */
  readonly principal?: Partial<Principal> | undefined;
  /** Where the connection comes from. */
  readonly address?: string | undefined;
}

/** The rules that guard this service, to look at. */
export class Authorizing {
  readonly #service: string;
  readonly #policies: () => PolicySet;
  readonly #authority: Authority;

  /** @internal The mesh makes it. */
  constructor(service: string, policies: () => PolicySet, authority: Authority) {
    this.#service = service;
    this.#policies = policies;
    this.#authority = authority;
  }

  /**
   * What the rules in force would say of a request, and which of them decides. Counts nothing; `check` is asked.
   * @throws MeshError INVALID_ARGUMENT for a request without a path.
   */
  async explain(request: RequestToAuthorize): Promise<string> {
    if (typeof (request as Partial<RequestToAuthorize> | null)?.path !== 'string') {
      throw new MeshError('request', "authorize.explain needs a request with its path, such as { path: '/orders/42' }");
    }
    const { method = 'GET', path, headers = {}, principal, address } = request;
    const policies = this.#policies();
    const route = routeFor(policies, this.#service, method, path);
    const own = policies.for(this.#service, route);
    const policy = RouteGuards.of(policies, this.#service)?.policyFor(own, route, method, path) ?? own;
    const fields = headers instanceof Headers ? Object.fromEntries(headers) : headers; // that throws where it is asked for `:authority`
    const asked = { method, path, headers: fields, principal: { ...ANONYMOUS, ...principal }, address };
    return explainAuthorize(policy, asked, this.#authority.check);
  }

  /** How often each rule decided since the mesh was made; under the empty name stands what no rule decided. */
  get counts(): Readonly<Record<string, RuleCount>> {
    return this.#authority.counts;
  }
}

/**
 * Asks a service: 200 is yes, 401 and 403 are no, all else is no answer. It is told what was proven, and no secret: the
 * path goes without its query.
 */
export const askService =
  (request: (url: string, options: RequestOptions) => Promise<MeshResponse>) =>
  async (url: string, { principal, method, path, address }: Asked): Promise<boolean> => {
    const { statusCode, headers, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CHECK_HEADER]: '1' },
      body: JSON.stringify({ principal, method, path: path.replace(/\?.*$/s, ''), address }),
      timeout: PATIENCE,
      idempotent: true, // to ask changes nothing
    });
    void body.dump(); // what it says besides, and for how long, keeps nobody waiting
    if (headers[FALLBACK_HEADER] !== undefined) throw new Error(`nobody answered at ${url}`); // the policy did
    if (statusCode === 200) return true;
    if (statusCode === 401 || statusCode === 403) return false;
    throw new Error(`${url} answered ${statusCode}`);
  };
