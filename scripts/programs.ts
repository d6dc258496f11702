import { spawnSync } from 'node:child_process';

const WITH_APT = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }; // 1: no daemon is to start
const PATIENT = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']; // with who else installs, and with a mirror

/** What the tests need in which Java is on the other side. */
export const JAVA = ['openjdk-17-jdk-headless'] as const;

/** What the ZooKeeper tests need: the server, Curator to agree with, and a Java that compiles. */
export const ZOOKEEPER = [
  'zookeeper',
  'libzookeeper-java',
  'libcurator-discovery-java',
  'libcurator-recipes-java',
  'libslf4j-java',
  ...JAVA,
] as const;

/** What the tests of shared quotas need. */
export const REDIS = ['redis-server'] as const;

/** What the test of the metrics as Prometheus reads them needs. */
export const PROMTOOL = ['prometheus'] as const;

/**
 * Sees to it that Debian packages are there: installs them where it may, and says what to install where it may not.
 * @throws Error of one line when a package is missing and can not be installed.
 */
export function ensure(packages: readonly string[]): void {
  const missing = packages.filter((name) => !installed(name));
  if (missing.length === 0) return;
  const cure = `apt-get install ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || !has('apt-get')) throw new Error(`missing programs; please run: ${cure}`);
  const update = apt(['update', '-q']);
  const install = apt(['install', '-q', '-y', '--no-install-recommends', ...missing]);
  const failed = [update, install].find(({ status }) => status !== 0);
  const still = missing.filter((name) => !installed(name));
  if (still.length > 0) throw new Error(`${cure} failed: ${lastLine(failed?.stderr ?? '') || still.join(' ')}`);
}

const apt = (args: readonly string[]) =>
  spawnSync('apt-get', [...PATIENT, ...args], {
    env: WITH_APT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 26,
  });

function installed(name: string): boolean {
  const query = spawnSync('dpkg-query', ['-W', '-f=${db:Status-Abbrev}', name], { encoding: 'utf8' });
  return query.status === 0 && query.stdout.startsWith('ii');
}

const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
