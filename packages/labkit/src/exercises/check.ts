import type { Random } from "@roadmap/core/random"
import type { OutcomeRecord } from "../records.ts"
import type { Prepared } from "./prepared.ts"

/**
 * What a check judges: the learner's own function, or what the exercise's harness makes of it
 * (see harness.ts). Arguments and result are data: they cross a process boundary.
 */
export type Subject = (...args: never[]) => unknown

/** What the subject hands back once its promise, if any, has settled. */
export type OutputOf<S extends Subject> = Awaited<ReturnType<S>>

/** The subject's arguments as data, or prepared by `counted` or `seeded`. */
export type Arguments<S extends Subject> = OrPrepared<Parameters<S>>

type OrPrepared<P extends readonly unknown[]> = { [K in keyof P]: P[K] | Prepared<P[K]> }

/** Two numbers are equal when they differ by at most `absolute`, or by at most `relative` times the expected one. */
export interface Tolerance {
  /** Default 1e-9. */
  absolute?: number
  /** Default 1e-9. */
  relative?: number
}

/** One call of the subject. Cases run in their order; the first that fails makes the message. */
export interface Case<S extends Subject> {
  /** Finishes the sentence "Case 2, …": "two scores are tied". */
  name: string
  args: Arguments<S>
  /** The right output. Default: what `reference` yields. */
  expect?: OutputOf<S>
  /** The subject must refuse these arguments: throw an Error whose message this fits. */
  throws?: RegExp
  /** Said under the difference: why the expected value is what it is. */
  because?: string
  tolerance?: Tolerance
  /** Most element reads of the `counted` arguments, all together, and why that suffices. */
  limit?: { reads: number; why: string }
}

export interface CaseContext {
  /** This exercise's own stream: the same numbers on every machine. */
  random: Random
  /** The month's last finished run, when there is one. Cases built on it are additional to seeded ones. */
  run?: OutcomeRecord
  /** Folder of everything runs have made (ROADMAP_HOME); undefined in the author's gate. */
  home?: string
}

/** How one case went, as far as it can be seen from outside. */
export interface Observation<S extends Subject> {
  name: string
  /** The arguments as plain data. */
  args: Parameters<S>
  expected: OutputOf<S> | undefined
  /** Undefined after a fault. */
  output: OutputOf<S> | undefined
  fault?: Fault
  /** Positions of arguments whose content is another after the call. */
  changedInputs: readonly number[]
  /** Element reads of each argument; 0 for those that are not `counted`. */
  reads: readonly number[]
  passed: boolean
}

/** What ended a call, or the whole answer, before there was an output. */
export interface Fault {
  kind:
    | "threw"
    | "syntax"
    | "import"
    | "missing-export"
    | "exit"
    | "timeout"
    | "memory"
    | "crash"
    | "not-data"
    | "denied"
  message: string
  /** Line of the learner's file. */
  line?: number
}

/** A misconception that the check knows. Its id is the key in `mistakes`. */
export interface Mistake<S extends Subject> {
  /** What the learner reads: the misconception, and why it is one. One to three sentences. */
  message: string
  /**
   * What the misconception yields. Default: the function of the file in `mistakes/` whose first line is
   * `// mistake: <id>`.
   */
  yields?: (...args: Parameters<S>) => OutputOf<S> | Promise<OutputOf<S>>
  /** Recognises the mistake by what was observed instead: faults, changed inputs, reads, a pattern over cases. */
  when?: (observations: readonly Observation<S>[]) => boolean
}

export interface Invariant<S extends Subject> {
  /** A sentence that is true of every right output: "the weights sum to 1". */
  name: string
  /** True, or what is wrong: "they sum to 0.97". */
  holds(output: OutputOf<S>, ...args: Parameters<S>): true | string
}

export interface CheckDefinition<S extends Subject> {
  /** Name of the function that the answer must export. */
  answer: string
  /** Raise it when the task changes in a way that older answers must follow. Default 1. */
  version?: number
  /** What changed with a version, in one sentence each: { 2: "Ties now share one threshold." } */
  changes?: Record<number, string>
  /** Default 1. */
  seed?: number
  cases(context: CaseContext): readonly Case<S>[] | Promise<readonly Case<S>[]>
  /** An independent, plainly right (perhaps slow) way to the expected output. Needed unless every case has `expect` or `throws`. */
  reference?: (...args: Parameters<S>) => OutputOf<S> | Promise<OutputOf<S>>
  tolerance?: Tolerance
  invariants?: readonly Invariant<S>[]
  /** Replaces the comparison of values: true, or what differs. For outputs that are right up to a renaming. */
  compare?: (got: OutputOf<S>, expected: OutputOf<S>, ...args: Parameters<S>) => true | string
  /** A text picture under the difference. Default: two rows of bars when both are number lists of 6 to 400. */
  picture?: false | ((got: OutputOf<S>, expected: OutputOf<S>, ...args: Parameters<S>) => string)
  mistakes: Record<string, Mistake<S>>
  /** The subject may change its arguments. Default false: a changed input is a failure. */
  inputsMayChange?: boolean
  /** Module specifiers that the answer may import: ["@roadmap/core/random"]. Default none. */
  imports?: readonly string[]
  /** Longest time for loading and for each case. Default 4,000 ms. */
  deadlineMs?: number
  /** Most memory of the answer's process. Default 256 MB. */
  memoryMb?: number
  /** Said after a pass: where the platform does the same, what to look at next. */
  passed?: string
}

/**
 * The default export of an exercise's `check.ts`. `S` is the type of the function asked for, usually
 * `typeof import("./solution.ts").name`.
 */
export const defineCheck = <S extends Subject>(definition: CheckDefinition<S>): CheckDefinition<S> =>
  definition
