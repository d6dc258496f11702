/** The route of a request: as the policy names it, else as the framework does, once that knows. */
export const routeOf = (
  named: string | undefined,
  { method, template }: { readonly method: string; readonly template: string | undefined },
): string | undefined => named ?? (template === undefined ? undefined : routeName(method, template));

/** A framework's template in the grammar of the policy: `/orders/:id` of a GET is `GET /orders/{id}`. */
export function routeName(method: string, template: string): string {
  const path = template
    .replace(/\{\/:([A-Za-z_]\w*)\}/g, '/{$1}') // a segment that may be missing, as Express 5 writes it
    .replace(/:([A-Za-z_]\w*)(?:\([^)]*\)|\{[^}]*\})?\??/g, '{$1}') // with a pattern, or that may be missing
    .replace(/\/\*(\w*)$/, (_, name: string) => `/{${name || 'rest'}*}`);
  return `${method} ${path.startsWith('/') ? path : `/${path}`}`;
}
