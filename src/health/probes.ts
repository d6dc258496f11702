import { connect } from 'node:net';
import type { Finding, Probe, Target } from '../core/probe.ts';
import { HEALTHCHECKED_HEADER } from '../wire/nack.ts';
import { unwell, WELL } from './finding.ts';

/** Checks as the policy says. Each check has a connection of its own, so that it also finds who takes no new ones. */
export const probe: Probe = (target) => {
  const { check } = target.settings;
  if (check === 'http') return probeHttp(target);
  if (check === 'tcp') return probeTcp(target);
  return import('./grpc.ts').then(({ probeGrpc }) => probeGrpc(target));
};

function probeHttp({ endpoint, service, settings, secure, signal }: Target): Promise<Finding> {
  return new Promise((resolve, reject) => {
    // To import them takes ten times as long: Node loads its own undici with them, for all the names that they have.
    const name = endpoint.url.startsWith('https:') ? 'node:https' : 'node:http';
    const { request: send } = process.getBuiltinModule(name);
    const path = settings.path.startsWith('/') ? settings.path : `/${settings.path}`;
    const headers = { 'user-agent': 'inmesh-health', connection: 'close' };
    const asking = send(endpoint.url + path, { ...secure, agent: false, headers, signal });
    asking.on('error', reject);
    asking.on('response', (answer) => {
      answer.destroy(); // what it says besides is nobody's business
      const { [HEALTHCHECKED_HEADER]: who } = answer.headers;
      if (typeof who === 'string' && who !== service) resolve(unwell(`it is ${who.slice(0, 80)}`));
      else if (settings.statuses.has(answer.statusCode!)) resolve(WELL);
      else resolve(unwell(`status ${answer.statusCode}`));
    });
    asking.end();
  });
}

function probeTcp({ endpoint, signal }: Target): Promise<Finding> {
  const { hostname, port, protocol } = new URL(endpoint.url);
  return new Promise((resolve, reject) => {
    const usual = protocol === 'https:' ? 443 : 80;
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: port === '' ? usual : Number(port), signal });
    socket.on('error', reject);
    socket.on('connect', () => {
      socket.destroy();
      resolve(WELL);
    });
  });
}
