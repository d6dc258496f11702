import { registryLaws } from '../../laws/registry.ts';
import { FaultProxy } from '../../support/fault-proxy.ts';
import { startZooKeeper } from '../../support/zookeeper.ts';
import { makeOld } from './old-server.ts';
import { worldOf } from './world.ts';

registryLaws('zookeeper before 3.5', async () => {
  const server = await startZooKeeper();
  const wire = await FaultProxy.to(server);
  makeOld(wire);
  const world = await worldOf(server, () => wire.address);
  return {
    ...world,
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]();
      await wire.close();
    },
  };
});
