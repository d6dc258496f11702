import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  type Type,
  Version,
  VersioningType,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { catchError, type Observable, throwError } from 'rxjs';
import { MeshError } from '../../../src/core/errors.ts';
import { createMesh } from '../../../src/mesh/create.ts';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import { decorate, nestWith } from './nest-app.ts';

/** The recipe of the guide: lets in only whom a handler names. */
class CallersGuard implements CanActivate {
  readonly #mesh: Mesh;
  readonly #reflector = new Reflector();

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  canActivate(context: ExecutionContext): boolean {
    const callers = this.#reflector.get<readonly string[] | undefined>('callers', context.getHandler());
    return callers === undefined || callers.includes(this.#mesh.context?.principal.name ?? '');
  }
}

/** The recipe of the guide: what the mesh refuses becomes the answer that says the same. */
class MeshErrors implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: Error) => {
        const why = MeshError.is(error) ? error : error.cause; // as mesh.fetch and axios have it
        const told = MeshError.is(why) && why.status >= 500;
        return throwError(() => (told ? new HttpException(why.code, why.status) : error));
      }),
    );
  }
}

const MESH = Symbol('mesh');

function shop(): Type {
  class Shop {
    readonly #mesh: Mesh;

    constructor(mesh: Mesh) {
      this.#mesh = mesh;
    }

    open() {
      return { route: this.#mesh.context?.route, principal: this.#mesh.context?.principal.by };
    }

    guarded() {
      return 'never';
    }

    broken() {
      return this.#mesh.call('stock', ({ url }) => fetch(url));
    }

    unfetched() {
      return this.#mesh.fetch('http://stock/');
    }

    misspelt() {
      return this.#mesh.request('stock'); // our own mistake, and not that of who asks us
    }
  }
  decorate(Shop, [Controller('shop'), Injectable()], {
    open: [Get('open/:id')],
    guarded: [Get('guarded'), SetMetadata('callers', ['checkout'])],
    broken: [Get('broken')],
    unfetched: [Get('unfetched')],
    misspelt: [Get('misspelt')],
  });
  Inject(MESH)(Shop, undefined, 0);
  return Shop;
}

test('in Nest, guards know who calls, and an interceptor tells what the mesh refuses', async (t) => {
  const mesh = await createMesh({ service: 'shop', registry: { fixed: {} } });
  const app = await nestWith(mesh, [shop()], [{ provide: MESH, useValue: mesh }]);
  app.useGlobalGuards(new CallersGuard(mesh));
  app.useGlobalInterceptors(new MeshErrors());
  await app.init();
  const server = app.getHttpServer() as Server;
  const listing = await mesh.serve(server, { host: '127.0.0.1' });
  t.after(() => mesh.close({ drainMs: 0 }));
  assert.equal(typeof listing.close, 'function');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop`;
  assert.deepEqual(await (await fetch(`${url}/open/7`)).json(), { route: 'GET /shop/open/{id}', principal: 'nothing' });
  assert.equal((await fetch(`${url}/guarded`)).status, 403);
  for (const path of ['broken', 'unfetched']) {
    const broken = await fetch(`${url}/${path}`);
    assert.equal(broken.status, 503, path);
    assert.deepEqual(await broken.json(), { statusCode: 503, message: 'UNAVAILABLE' });
  }
  assert.equal((await fetch(`${url}/misspelt`)).status, 500);
});

test('in Nest a route has the global prefix and the version in its name', async (t) => {
  const mesh = await createMesh({ service: 'shop', registry: { fixed: {} } });
  class Orders {
    order() {
      return mesh.context?.route;
    }
  }
  decorate(Orders, [Controller('orders')], { order: [Get(':id'), Version('2')] });
  const app = await nestWith(mesh, [Orders]);
  app.setGlobalPrefix('api');
  app.enableVersioning({ type: VersioningType.URI });
  await app.init();
  const server = app.getHttpServer() as Server;
  await mesh.serve(server, { host: '127.0.0.1' });
  t.after(() => mesh.close({ drainMs: 0 }));
  const { port } = server.address() as AddressInfo;
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/api/v2/orders/7`)).text(), 'GET /api/v2/orders/{id}');
});
