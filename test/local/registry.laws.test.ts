import { registryLaws } from '../laws/registry.ts';
import { LocalWorld } from '../support/local-world.ts';

registryLaws('local', () => LocalWorld.make());
