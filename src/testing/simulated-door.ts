import type { OutgoingAttempt } from '../core/attempt.ts';
import type { Arrival, MeshReceiver } from '../server/arrival.ts';
import { type Answer, answer } from './script.ts';

/** The way in to a simulated service: the inbound stack of a mesh, and what an adapter of a framework does around it. */
export class SimulatedDoor {
  readonly #mesh: MeshReceiver;
  readonly #marks: boolean;

  /** `marks`: whether answers bear what the mesh remarks on them, such as that nobody is to try again. */
  constructor(mesh: MeshReceiver, marks = true) {
    this.#mesh = mesh;
    this.#marks = marks;
  }

  /** Lets an attempt in, has it served, and gives what goes back. */
  async receive({ headers, scope }: OutgoingAttempt, serve: () => Promise<Answer>): Promise<Answer> {
    const marks: Record<string, string> = {};
    let given = answer(500);
    const arrival: Arrival = {
      method: 'GET',
      path: '/',
      template: undefined,
      headers,
      request: {},
      onHangUp: (tell) => scope.onCancel(tell),
      remark: (name, value) => {
        if (this.#marks) marks[name] = value;
      },
      serve: async () => {
        given = answer((await serve()).statusCode, marks);
      },
      refuse: ({ status, headers: more }) => {
        given = answer(status, { ...marks, ...more });
      },
    };
    await this.#mesh.receive(arrival);
    return given;
  }
}
