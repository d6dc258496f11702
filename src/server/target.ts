const ABSOLUTE = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i;

/**
 * The path and query of a request target. A client may send the whole URL (RFC 9112, 3.2.2), as it does to a proxy;
 * routers of frameworks then go by its path, and so must what guards paths.
 */
export function pathOf(target: string): string {
  if (target.charCodeAt(0) === SLASH) return target;
  const rest = target.replace(ABSOLUTE, '');
  return rest === target ? target : rest.startsWith('/') ? rest : `/${rest}`;
}

const SLASH = 47;
