import { registryLaws } from '../../laws/registry.ts';
import { zookeeperWorld } from './world.ts';

registryLaws('zookeeper', zookeeperWorld);
