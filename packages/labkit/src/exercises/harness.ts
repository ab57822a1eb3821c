import type { Subject } from "./check.ts"

/**
 * The default export of an exercise's optional `harness.ts`: turns the learner's function into the function
 * that the check calls. It runs beside the answer, so it can hand it clocks, queues and fakes that fail,
 * and observe what the answer does to them. Its arguments and its output are plain data.
 */
export const defineHarness = <F, S extends Subject>(harness: (answer: F) => S): ((answer: F) => S) => harness
