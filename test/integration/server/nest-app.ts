import 'reflect-metadata';
import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Get,
  type INestApplication,
  Module,
  Param,
  Post,
  type Provider,
  StreamableFile,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { text } from 'express';
import type { Mesh } from '../../../src/mesh/mesh.ts';
import type { Build, Doings } from './world.ts';

/** Puts decorators where TypeScript's own syntax would: this source runs with its types stripped, and no more. */
export function decorate(
  type: Type,
  onType: readonly ClassDecorator[],
  onMethods: Readonly<Record<string, readonly MethodDecorator[]>> = {},
  onParameters: Readonly<Record<string, readonly ParameterDecorator[]>> = {},
): void {
  for (const [name, decorators] of Object.entries(onParameters)) {
    decorators.forEach((decorator, at) => void decorator(type.prototype, name, at));
  }
  for (const [name, decorators] of Object.entries(onMethods)) {
    const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name)!;
    for (const decorator of decorators) decorator(type.prototype, name, descriptor);
  }
  for (const decorator of onType) decorator(type);
}

/** An application of Nest with the mesh in front of its guards, interceptors and routes. */
export async function nestWith(mesh: Mesh, controllers: Type[], providers: Provider[] = []): Promise<INestApplication> {
  class Application {}
  decorate(Application, [Module({ controllers, providers })]);
  const app = await NestFactory.create(Application, { logger: false, abortOnError: false });
  app.use(mesh.middleware());
  app.use(text());
  return app;
}

export const nestApp: Build = async (mesh, doings) => {
  const app = await nestWith(mesh, [controllerOf(doings)]);
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer() as Server;
};

function controllerOf(doings: Doings): Type {
  class Orders {
    order(id: string) {
      return doings.order(id);
    }
    inner() {
      return doings.inner();
    }
    wait() {
      return doings.wait();
    }
    upload(body: string) {
      return doings.uploaded(body);
    }
    stream() {
      return new StreamableFile(Readable.from(doings.parts(), { objectMode: false }));
    }
    fail() {
      return doings.fail();
    }
  }
  decorate(
    Orders,
    [Controller()],
    {
      order: [Get('orders/:id')],
      inner: [Get('inner')],
      wait: [Get('wait')],
      upload: [Post('upload')],
      stream: [Get('stream')],
      fail: [Get('throw')],
    },
    { order: [Param('id')], upload: [Body()] },
  );
  return Orders;
}
