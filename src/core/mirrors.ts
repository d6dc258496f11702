import type { Context } from './context.ts';
import type { Env } from './env.ts';
import { MeshError } from './errors.ts';
import type { Scope } from './scope.ts';

/** How the copies of calls to one service stand, as plain JSON. */
export interface MirrorFacts {
  /** The service that gets the copies. */
  readonly to: string;
  /** Copies made. */
  readonly made: number;
  /** Those of the copies made that failed. */
  readonly failed: number;
  /** Those not made, as too many were under way. */
  readonly skipped: number;
  /** Those under way. */
  readonly underWay: number;
}

/** The same as a sentence. */
export const sayMirror = ({ to, made, failed, skipped, underWay }: MirrorFacts): string =>
  `mirror to ${to}: ${made} copies made, ${failed} failed, ${skipped} not made as too many were under way, ${underWay} under way`;

/** The copies of calls to one service that are under way, and what became of those before. */
export class Mirrors {
  readonly #open = new Set<Scope>();
  #made = 0;
  #skipped = 0;
  #failed = 0;
  #closed = false;

  /** Whether one more may be made; counted as skipped where it may not. */
  admits(most: number): boolean {
    if (this.#closed) return false;
    if (this.#open.size < most) return true;
    this.#skipped++;
    return false;
  }

  /** A copy is on its way, until `end`. It is called off when its time is up, or the mesh closes. */
  begin({ timeouts }: Env, { scope, service, policy, begunAt }: Context): void {
    this.#made++;
    this.#open.add(scope);
    const { timeout } = policy.deadline;
    scope.due = begunAt + timeout;
    scope.keep(timeouts.after(timeout, begunAt, expire, { scope, service }));
  }

  end(scope: Scope, failed: boolean): void {
    if (!this.#open.delete(scope)) return;
    if (failed) this.#failed++;
    scope.end();
  }

  /** How they stand; nothing before the first, and where there is none any more. */
  facts(to: string): MirrorFacts | undefined {
    if (to === '') return undefined;
    return { to, made: this.#made, failed: this.#failed, skipped: this.#skipped, underWay: this.#open.size };
  }

  /** Calls off what is under way; nothing more is made. */
  close(): void {
    this.#closed = true;
    for (const scope of [...this.#open])
      scope.cancel(new MeshError('closed', 'the mesh was closed', { sent: 'maybe' }));
  }
}

const expire = ({ scope, service }: { readonly scope: Scope; readonly service: string }): void =>
  scope.cancel(new MeshError('deadline', `${service}: the time of a copy is up`, { sent: 'maybe', service }));
