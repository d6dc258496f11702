import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensure } from '../../scripts/programs.ts';
import { pinned } from '../kit/pinned.ts';

/** A proxy beside the client, as meshes with sidecars have them. */
export interface Sidecar {
  readonly url: string;
  /** Nanoseconds of processor time that it has used. */
  cpuNs(): number;
  close(): Promise<void>;
}

/** Starts nginx in front of `target`, with settings that favour it: one worker, kept connections, no log. */
export async function startNginx(target: string, cpu: number): Promise<Sidecar> {
  if (!existsSync('/usr/sbin/nginx')) ensure(['nginx-light']);
  const folder = mkdtempSync(join(tmpdir(), 'inmesh-bench-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), config(folder, port, new URL(target).host));
  // In one process: the one we start is the one that works, so its time is the proxy's.
  const [command, ...args] = pinned(cpu, ['/usr/sbin/nginx', '-p', folder, '-c', join(folder, 'nginx.conf')]);
  const child = spawn(command!, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  await answering(port);
  return {
    url: `http://127.0.0.1:${port}`,
    cpuNs: () => Number(readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ')[0]),
    async close() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

const config = (folder: string, port: number, upstream: string): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 100000000;
  upstream server { server ${upstream}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://server; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Settles when somebody listens at `port`. */
async function answering(port: number): Promise<void> {
  for (;;) {
    const isThere = await new Promise((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
    });
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
