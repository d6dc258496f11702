// A script as people write them: makes a mesh, waits for a service, calls it, and ends.
import { createMesh } from '../../../src/index.ts';
import { settings } from '../../support/processes.ts';

/** What it is told. */
export interface FirstCallSettings {
  readonly registry: string;
  /** Whether it asks for what it depends on before it calls. */
  readonly gate: boolean;
}

const { registry, gate } = settings<FirstCallSettings>();
process.disconnect(); // whoever started us must not be what keeps us
const mesh = await createMesh({ service: 'checkout', registry });
if (gate) await mesh.dependsOn('orders');
const { body } = await mesh.request('http://orders/');
await body.dump();
await mesh.close();
process.exitCode = 42;
