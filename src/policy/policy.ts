import { checkPolicy } from './check.ts';
import type { Field, Section } from './fields.ts';
import { readField } from './read.ts';
import { Routes } from './route.ts';
import { type Policy, type PolicyDocument, type PolicySections, table } from './table.ts';

/** Where a value came from. */
export type Origin = 'default' | 'defaults' | `services.${string}`;

/** One setting as it stands, for people. */
export interface Setting {
  /** What holds: durations in milliseconds. */
  readonly value: unknown;
  /** Which part of the document says so, or the default. */
  readonly from: Origin;
}

type Layer = readonly [Origin, PolicySections];

const LARGEST = 1_000; // merged policies kept, one for each service and route named in the document

/** A policy document that has been checked, and the settings it comes to. Frozen; a new document makes a new one. */
export class PolicySet {
  readonly document: PolicyDocument;
  readonly #merged = new Map<string, Policy>();
  readonly #routes = new Map<string, Routes>();
  readonly #ofRoutes = new Map<string, Map<string, Policy>>(); // the same as merged, for routes that are named

  /** @throws PolicyProblem when the document has an unknown field or a bad value; it names the path. */
  constructor(document: unknown = {}) {
    checkPolicy(document);
    this.document = deepFreeze(structuredClone(document));
    for (const [service, { routes }] of Object.entries(this.document.services ?? {})) {
      if (routes === undefined) continue;
      this.#routes.set(service, new Routes(Object.keys(routes)));
      this.#ofRoutes.set(service, new Map());
    }
  }

  /** The settings for calls to `service`, and to one of its routes where the policy names it. */
  for(service: string, route?: string): Policy {
    if (route === undefined) return this.#merge(service);
    const known = this.#ofRoutes.get(service)?.get(route);
    if (known !== undefined) return known;
    const policy = this.#merge(service, route);
    if (this.names(service, route)) this.#ofRoutes.get(service)!.set(route, policy);
    return policy;
  }

  #merge(service: string, route?: string): Policy {
    const layers = this.#layers(service, route);
    const key = layers.map(([origin]) => origin).join();
    let policy = this.#merged.get(key);
    if (policy === undefined) {
      policy = merge(layers);
      if (this.#merged.size < LARGEST) this.#merged.set(key, policy);
    }
    return policy;
  }

  /** Whether routes of this service have settings of their own. */
  hasRoutes(service: string): boolean {
    return this.#routes.has(service);
  }

  /** Whether a route of this service has settings of its own. */
  names(service: string, route: string): boolean {
    const routes = this.#routes.has(service) ? this.document.services![service]!.routes! : undefined;
    return routes !== undefined && Object.hasOwn(routes, route);
  }

  /** The route that a request falls under, among those that the policy names. */
  routeOf(service: string, method: string, path: string): string | undefined {
    return this.#routes.get(service)?.match(method, path);
  }

  /** Every setting with its value as text and where it came from. */
  describe(service: string, route?: string): Record<string, Record<string, Setting>> {
    const [layers, policy] = [this.#layers(service, route), this.for(service, route)];
    return mapTable((field, section, name) => ({
      value: field.show((policy as unknown as Values)[section]![name]),
      from: find(layers, section, name)?.[0] ?? 'default',
    })) as Record<string, Record<string, Setting>>;
  }

  #layers(service: string, route: string | undefined): Layer[] {
    const { defaults, services } = this.document;
    const own = services !== undefined && Object.hasOwn(services, service) ? services[service] : undefined;
    const layers: Layer[] = [];
    if (route !== undefined && own?.routes !== undefined && Object.hasOwn(own.routes, route)) {
      layers.push([`services.${service}.routes['${route}']`, own.routes[route]!]);
    }
    if (own !== undefined) layers.push([`services.${service}`, own]);
    if (defaults !== undefined) layers.push(['defaults', defaults]);
    return layers;
  }
}

const origins = new WeakMap<object, Origin>();

/** The part of a document that a list of a policy comes from; nothing for what no policy has. */
export const originOf = (list: readonly unknown[]): Origin | undefined => origins.get(list);

type Values = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** The nearest layer that says something wins, field by field. */
function merge(layers: readonly Layer[]): Policy {
  return deepFreeze(
    mapTable((field, section, name) => {
      const [origin, value] = find(layers, section, name) ?? ['default', field.default];
      const read = readField(field, value, `${origin}.${section}.${name}`);
      if (Array.isArray(read)) origins.set(read, origin);
      return read;
    }),
  ) as Policy;
}

function find(layers: readonly Layer[], section: string, name: string): [Origin, unknown] | undefined {
  for (const [origin, sections] of layers) {
    const said = (sections as Values)[section];
    const value = said?.[name] ?? formerly(said, section, name);
    if (value !== undefined) return [origin, value];
  }
  return undefined;
}

/** What a document says under a name that the field once had. */
function formerly(said: Values[string] | undefined, section: string, name: string): unknown {
  const once = (table as Readonly<Record<string, Section>>)[section]!.formerly;
  if (once === undefined || said === undefined) return undefined;
  for (const [old, { now, read }] of Object.entries(once)) {
    if (now === name && said[old] !== undefined) return read(said[old]);
  }
  return undefined;
}

function mapTable(
  each: (field: Field, section: string, name: string) => unknown,
): Record<string, Record<string, unknown>> {
  // Not filled in one by one: so many sections would make V8 keep them in a dictionary, and every call reads them.
  return Object.fromEntries(
    Object.entries(table).map(([section, { fields }]) => {
      const values = Object.entries(fields).map(([name, field]) => [name, each(field as Field, section, name)]);
      return [section, Object.fromEntries(values)];
    }),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
