/** An entry point of the package. */
export interface Door {
  readonly name: string;
  readonly path: string;
  readonly about: string;
  /** The page that has it all, where it is another. */
  readonly page?: { readonly text: string; readonly to: string };
}

/** They all, in the order in which a reader wants them. */
export const doors: readonly Door[] = [
  {
    name: 'inmesh',
    path: 'src/index.ts',
    about: 'The mesh, its errors, and what filters and registries of your own are made of.',
    page: { text: 'the mesh', to: 'mesh.md' },
  },
  {
    name: 'inmesh/types',
    path: 'src/types.ts',
    about: 'Every type that the mesh takes or gives, by name. Types only.',
    page: { text: 'types', to: 'types.md' },
  },
  { name: 'inmesh/axios', path: 'src/axios.ts', about: 'An instance of axios that calls services.' },
  { name: 'inmesh/batch', path: 'src/batch.ts', about: 'Many keys in one call.' },
  { name: 'inmesh/express', path: 'src/express.ts', about: 'Requests to an app of Express 4 or 5.' },
  { name: 'inmesh/fastify', path: 'src/fastify.ts', about: 'Requests to an app of Fastify 5.' },
  { name: 'inmesh/hono', path: 'src/hono.ts', about: 'Requests to an app of Hono 4.' },
  { name: 'inmesh/koa', path: 'src/koa.ts', about: 'Requests to an app of Koa 2 or 3.' },
  { name: 'inmesh/otel', path: 'src/otel.ts', about: 'OpenTelemetry’s SDK, started as the mesh would have it.' },
  {
    name: 'inmesh/testing',
    path: 'src/testing.ts',
    about: 'Time, chance, registries and whole clusters that exist only in a test.',
  },
];
