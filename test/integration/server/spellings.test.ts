// Paths in every spelling that comes to mind, over raw sockets, against servers that each read paths in a way of their own:
// whatever a server makes of one, what rules guard is never answered, and what they open is nothing else.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, type TestContext, test } from 'node:test';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { meshPlugin } from '../../../src/fastify.ts';
import { meshHono } from '../../../src/hono.ts';
import { meshKoa } from '../../../src/koa.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { PolicyDocument } from '../../../src/policy/table.ts';

const SECRET = 'what only ops may see';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inmesh-spellings-'));
  for (const [at, said] of [
    ['admin', SECRET],
    ['public', 'for all'],
  ] as const) {
    await mkdir(join(folder, at));
    await writeFile(join(folder, at, 'page'), said);
  }
});
after(() => rm(folder, { recursive: true }));

/** What stands under a path, as a server has read it. */
const at = (path: string): string =>
  /^\/admin(?:\/|$)/i.test(path) ? SECRET : path === '/public/page' ? 'for all' : '';

type Build = (mesh: Mesh) => Promise<RequestListener> | RequestListener;

const reading =
  (read: (target: string) => string): Build =>
  (mesh) =>
    mesh.handler(({ url = '' }) => {
      try {
        return new Response(at(read(url.replace(/\?.*/, ''))));
      } catch {
        return new Response('', { status: 400 });
      }
    });

const withExpress =
  (framework: typeof express): Build =>
  (mesh) =>
    framework()
      .set('env', 'test')
      .use(mesh.middleware())
      .use(framework.static(folder))
      .get('/admin/:page', (_, response) => void response.send(SECRET))
      .use('/admin', (_, response) => void response.send(SECRET))
      .get('/public/page', (_, response) => void response.send('for all')) as unknown as RequestListener;

const SERVERS: Readonly<Record<string, Build>> = {
  'that takes paths as they come': reading((target) => target),
  'that resolves them as a URL': reading((target) => new URL(target, 'http://host/').pathname),
  'that decodes, and then resolves': reading((target) => posix.normalize(decodeURIComponent(target))),
  'that resolves, and then decodes': reading((target) => decodeURIComponent(posix.normalize(target))),
  'that decodes twice': reading((target) => posix.normalize(decodeURIComponent(decodeURIComponent(target)))),
  'that takes backslashes for slashes': reading((target) =>
    posix.normalize(decodeURIComponent(target).replaceAll('\\', '/')),
  ),
  'that leaves parameters out': reading((target) => posix.normalize(decodeURIComponent(target).replace(/;[^/]*/g, ''))),
  'that ends texts at a zero': reading((target) => decodeURIComponent(target).replace(/\0.*/s, '')),
  'that leaves dots and blanks at the end out': reading((target) =>
    decodeURIComponent(target).replace(/[. ]+(?=\/|$)/g, ''),
  ),
  'that takes letters that look alike for one': reading((target) => decodeURIComponent(target).normalize('NFKC')),
  'of Latin-1': reading((target) => Buffer.from(unescape(target), 'latin1').toString('utf8')),
  'of Express 5, with files': withExpress(express),
  'of Express 4, with files': withExpress(express4),
  'of Fastify': async (mesh) => {
    const app = fastify({
      routerOptions: { ignoreDuplicateSlashes: true, ignoreTrailingSlash: true, caseSensitive: false },
    });
    await app.register(meshPlugin, { mesh });
    app.get('/admin/*', async () => SECRET);
    app.get('/public/page', async () => 'for all');
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  'of Koa': (mesh) => {
    const app = new Koa();
    app.silent = true;
    app.use(meshKoa(mesh)).use(async (context) => {
      context.body = at(context.path);
    });
    return app.callback();
  },
  'of Hono': (mesh) => {
    const app = new Hono();
    app.use(meshHono(mesh) as never);
    app.get('/admin/*', (context) => context.text(SECRET));
    app.get('/public/page', (context) => context.text('for all'));
    return getRequestListener(app.fetch);
  },
};

const UP = ['..', '%2e%2e', '.%2e', '%2E.', '%252e%252e', '..;', '..%00', '%c0%ae%c0%ae', '\u2025'];
const SLASHES = ['/', '//', '/./', '%2f', '%2F', '%252f', '\\', '%5c', '/%2e/', ';/', '%c0%af', '\uff0f'];
const NAMES = [
  'admin',
  'ADMIN',
  'Admin',
  '%61dmin',
  '%2561dmin',
  'admin;x=1',
  'admin.',
  'admin%20',
  'admin%00',
  'adm%EF%BD%89n',
  '\uff41dmin',
  'ad%0Amin',
];

/** Targets that some server might take for something under `/admin`. */
const targets = [
  ...SLASHES.flatMap((slash) => NAMES.flatMap((name) => [`${slash}${name}/page`, `/${name}${slash}page`])),
  ...NAMES.flatMap((name) => [`/${name}`, `/${name}/`]),
  ...UP.flatMap((up) =>
    SLASHES.flatMap((slash) => [
      `/public${slash}${up}${slash}admin${slash}page`,
      `/public/x${slash}${up}${slash}${up}${slash}admin/page`,
      `/admin/page${slash}${up}${slash}${up}/public/page`,
    ]),
  ),
  '/public/page#/../../admin/page',
  '/public/page?/../../admin/page',
  '/admin/page#x',
  'http://host/admin/page',
  'http://host/public/../admin/page',
  '//host/admin/page',
  '/public/page/../../admin/page?x=/public/page',
];

/** What a server answers to a request line as it stands. */
async function ask(port: number, target: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(
    `GET ${Buffer.from(target).toString('latin1')} HTTP/1.1\r\nHost: host\r\nConnection: close\r\n\r\n`,
    'latin1',
  );
  return text(socket).catch(() => '');
}

type Shop = NonNullable<PolicyDocument['services']>[string];

/** How many of all targets are answered with what only ops may see, and whether the one that all may see is. */
async function tried(t: TestContext, build: Build, shop: Shop) {
  const policy = { services: { shop } };
  const mesh = await createMesh({ service: 'shop', registry: { fixed: {} }, policy });
  const server = createServer(await build(mesh));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await mesh.close({ timeoutMs: 0 });
  });
  const { port } = server.address() as AddressInfo;
  const through: string[] = [];
  for (let from = 0; from < targets.length; from += 64) {
    const some = targets.slice(from, from + 64);
    const answers = await Promise.all(some.map((target) => ask(port, target)));
    through.push(...some.filter((_, one) => answers[one]!.includes(SECRET)));
  }
  return { through, isOpen: (await ask(port, '/public/page')).includes('for all') };
}

const GUARDS: Readonly<Record<string, Shop>> = {
  'a deny': { authorize: { mode: 'enforce', rules: [{ action: 'deny', paths: ['/admin/*'] }] } },
  'an allow': { authorize: { mode: 'enforce', rules: [{ paths: ['/public/*', '/public/page'] }] } },
  'an allow of all but that': { authorize: { mode: 'enforce', rules: [{ notPaths: ['/admin/*'] }] } },
  'rules of a route alone': {
    routes: { '/admin/{rest*}': { authorize: { mode: 'enforce', rules: [{ action: 'deny' }] } } },
  },
};

for (const [server, build] of Object.entries(SERVERS)) {
  suite(`a server ${server}`, () => {
    test('answers several spellings, or there would be nothing to guard', async (t) => {
      const { through } = await tried(t, build, {});
      assert.ok(through.length > 5, `${through.length}`);
    });
    for (const [guard, shop] of Object.entries(GUARDS)) {
      test(`is guarded by ${guard}, in all ${targets.length} spellings`, async (t) => {
        const { through, isOpen } = await tried(t, build, shop);
        assert.deepEqual(through, []);
        assert.ok(isOpen);
      });
    }
  });
}
