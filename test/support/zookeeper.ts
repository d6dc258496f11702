import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  common,
  launch,
  newFolder,
  type ServerOptions,
  STANDALONE,
  withFreePorts,
  type ZooKeeperServer,
} from '../../scripts/zookeeper.ts';
import { makeCertificates, STORE_PASSWORD, type TestCertificates } from './zookeeper-certificates.ts';

export { freePorts, type ServerOptions, startZooKeeper, type ZooKeeperServer } from '../../scripts/zookeeper.ts';

const MEMBER = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

/** Starts servers that vote among themselves, in about a second. */
export async function startEnsemble(size = 3, options: ServerOptions = {}): Promise<readonly ZooKeeperServer[]> {
  return withFreePorts(3 * size, async (ports) => {
    const members = Object.fromEntries(
      Array.from({ length: size }, (_, at) => [
        `server.${at + 1}`,
        `127.0.0.1:${ports[3 * at + 1]}:${ports[3 * at + 2]};127.0.0.1:${ports[3 * at]}`,
      ]),
    );
    const starting = Array.from({ length: size }, async (_, at) => {
      const dir = await newFolder();
      await mkdir(join(dir, 'data'), { recursive: true });
      await writeFile(join(dir, 'data', 'myid'), `${at + 1}\n`);
      const quorum = { standaloneEnabled: 'false', quorumListenOnAllIPs: 'false', ...members };
      return launch({
        dir,
        port: ports[3 * at]!,
        main: MEMBER,
        config: { ...common(dir, options), ...quorum },
        options,
      });
    });
    const settled = await Promise.allSettled(starting);
    const servers = settled.filter((one) => one.status === 'fulfilled').map((one) => one.value);
    const failed = settled.find((one) => one.status === 'rejected');
    if (failed === undefined) return servers;
    await Promise.all(servers.map((server) => server.stop()));
    throw failed.reason;
  });
}

/** Starts a server that speaks TLS and asks its clients for a certificate. */
export async function startTlsZooKeeper(): Promise<ZooKeeperServer & { readonly certificates: TestCertificates }> {
  return withFreePorts(2, async ([port, plain]) => {
    const dir = await newFolder();
    const certificates = await makeCertificates(dir);
    const config = {
      ...common(dir, {}),
      clientPort: `${plain}`,
      clientPortAddress: '127.0.0.1',
      secureClientPort: `${port}`,
      secureClientPortAddress: '127.0.0.1',
      serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
      'ssl.keyStore.location': certificates.serverStore,
      'ssl.keyStore.password': STORE_PASSWORD,
      'ssl.trustStore.location': certificates.trustStore,
      'ssl.trustStore.password': STORE_PASSWORD,
      'ssl.clientAuth': 'need',
      'authProvider.1': 'org.apache.zookeeper.server.auth.X509AuthenticationProvider',
    };
    const server = await launch({ dir, port: port!, askPort: plain!, main: STANDALONE, config, options: {} });
    return Object.assign(server, { certificates });
  });
}
