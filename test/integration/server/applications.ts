import express from 'express';
import express4 from 'express4';
import { connectApp } from './connect-app.ts';
import { expressApp } from './express-app.ts';
import { fastifyApp } from './fastify-app.ts';
import { honoApp } from './hono-app.ts';
import { koaApp } from './koa-app.ts';
import { nestApp } from './nest-app.ts';
import { node } from './node-app.ts';
import type { Build } from './world.ts';

/** Those that know no routes by name. */
export const NAMELESS: readonly string[] = ['node:http', 'connect 3'];

/** The same application, in every framework that there is an adapter for. */
export const APPLICATIONS: Readonly<Record<string, Build>> = {
  'node:http': node,
  'connect 3': connectApp,
  'express 5': expressApp(express),
  'express 4': expressApp(express4),
  'fastify 5': fastifyApp,
  'koa 3': koaApp,
  'hono 4': honoApp,
  'nest 12': nestApp,
};
