import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome, Stage } from './stage.ts';

/** A registry of our own, which can come to harm too. */
export interface OwnRegistry {
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** What is the matter, phase by phase, and when each begins: a share of the time there is. */
export const phases = [
  { from: 0, name: 'all well, c is slow' },
  { from: 0.25, name: 'a is dead' },
  { from: 0.5, name: 'a is dead, b fails half' },
  { from: 0.57, name: 'b fails half' },
  { from: 0.85, name: 'all well again' },
] as const;

// While a is dead: who is started later has to be listed. And back before b fails as well: how long it takes to start is up
// to the machine, and with two of three sick for seconds no budget of retries is enough.
const REGISTRY = { diesAt: 0.32, backAt: 0.45 } as const;

/** Plays the whole piece, which takes so many seconds, and tells how it ended. */
export async function play(stage: Stage, seconds: number, registry?: OwnRegistry): Promise<Outcome> {
  const { journal } = stage.show;
  const until = (share: number) => sleep(Math.max(0, (share * seconds - stage.show.at) * 1_000));
  const enter = async (phase: number): Promise<void> => {
    await until(phases[phase]!.from);
    stage.enter(phase, phases[phase]!.name);
  };
  const say = (text: string): void => journal.stage(stage.show.at, text);

  await enter(0);
  say('calls begin: a weighs twice as much as b, c is ten times slower');

  await enter(1);
  const pid = stage.kill('a');
  say(`a is killed with SIGKILL (process ${pid})`);
  await stage.prepare('a'); // so that it is not away for longer than it is to be

  if (registry !== undefined) {
    await until(REGISTRY.diesAt);
    await registry.kill();
    say('ZooKeeper is killed with SIGKILL');
    await until(REGISTRY.backAt);
    await registry.start();
    say('ZooKeeper is started again');
  }

  await enter(2);
  stage.fail('b', 0.5);
  say('b begins to fail half of its answers (status 503)');

  await until(phases[3].from);
  say('a is started again');
  await stage.start('a');
  await enter(3);

  await enter(4);
  stage.fail('b', 0);
  say('b is well again');

  await until(1);
  await stage.known(); // as it is long since, but where the machine is busy
  return stage.close();
}
