import { createRandom } from "@roadmap/core/random"

export type Split = "tune" | "test"

/** Chosen before the first evaluation, and never since: another seed would be another, luckier test half. */
const splitSeed = 202607

/**
 * The half that a topic belongs to. It depends on the topic alone, so questions that ask the same thing in other words
 * are in the same half, and a new question changes the half of no other.
 */
export const splitOf = (topic: string): Split =>
  createRandom(splitSeed).fork(topic).next() < 0.5 ? "tune" : "test"
