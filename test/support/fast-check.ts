import fc from 'fast-check';

// The same cases each time, so that a check that is green stays green. `FC_SEED=random` looks for new ones.
const asked = process.env.FC_SEED;
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked ?? 20_261_123) });

export { fc };
