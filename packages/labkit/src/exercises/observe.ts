import { isDeepStrictEqual } from "node:util"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom } from "@roadmap/core/random"
import { openAnswer } from "./answer/process.ts"
import {
  type AnyCheck,
  type AnyHarness,
  type AnySubject,
  harnessPath,
  type LearningEntry,
} from "./catalog.ts"
import type { CaseContext, Fault } from "./check.ts"
import { type AnyCase, type AnyObservation, failureOf } from "./failure.ts"
import { dataOf, materialise, plain } from "./prepared.ts"

/** A case with its expected output, ready for any number of subjects. */
export interface PreparedCase {
  definition: AnyCase
  expected: unknown
}

/** Makes the cases and what is expected of each. Throws EXERCISE_BROKEN for a case that nothing can judge. */
export const prepareCases = async (
  exercise: LearningEntry,
  check: AnyCheck,
  context: Omit<CaseContext, "random"> = {},
): Promise<PreparedCase[]> => {
  const random = createRandom(check.seed ?? 1).fork(exercise.name)
  const cases = await check.cases({ ...context, random })
  return Promise.all(
    cases.map(async definition => {
      if (definition.throws) return { definition, expected: undefined }
      if (definition.expect !== undefined) return { definition, expected: definition.expect }
      if (check.reference)
        return { definition, expected: await check.reference(...definition.args.map(plain)) }
      if (check.invariants?.length) return { definition, expected: undefined }
      throw new RoadmapError(
        "EXERCISE_BROKEN",
        `Case "${definition.name}" of ${exercise.id} has nothing to be judged by.`,
        {
          hint: "Give it `expect` or `throws`, or the check a `reference` or `invariants`.",
        },
      )
    }),
  )
}

export interface ObservedAnswer {
  /** Set when the answer could not even be loaded; there are no observations then. */
  loadFault?: Fault
  /** One a case, in order; shorter than the cases when the answer's process ended. */
  observations: AnyObservation[]
  /** What the answer printed in each case. */
  printed: (readonly string[])[]
}

/** Runs an answer on all cases in a process of its own. Never throws for what the answer does. */
export const observeAnswer = async (
  exercise: LearningEntry,
  check: AnyCheck,
  cases: readonly PreparedCase[],
  file: string,
  signal?: AbortSignal,
): Promise<ObservedAnswer> => {
  await using answer = await openAnswer({
    file,
    answer: check.answer,
    folder: exercise.folder,
    harness: await harnessPath(exercise),
    imports: check.imports,
    deadlineMs: check.deadlineMs,
    memoryMb: check.memoryMb,
    signal,
  })
  if (answer.loadFault) return { loadFault: answer.loadFault, observations: [], printed: [answer.printed] }
  const observations: AnyObservation[] = []
  const printed: (readonly string[])[] = []
  for (const one of cases) {
    const reply = await answer.call(one.definition.args)
    printed.push(reply.printed)
    observations.push(
      complete(check, one, {
        output: reply.result?.output,
        fault: reply.fault,
        after: reply.result?.args,
        reads: reply.result?.reads ?? [],
      }),
    )
    if (!answer.alive) break
  }
  return { observations, printed }
}

/** Runs one of the exercise's own functions (a mistake) on all cases, in this process. */
export const observeOwn = async (
  check: AnyCheck,
  cases: readonly PreparedCase[],
  answer: AnySubject,
  harness?: AnyHarness,
): Promise<AnyObservation[]> => {
  const subject = harness ? harness(answer) : answer
  const observations: AnyObservation[] = []
  for (const one of cases) {
    const made = one.definition.args.map(argument => materialise(structuredClone(argument)))
    const outcome = await attempt(() => subject(...made.map(argument => argument.value)))
    observations.push(
      complete(check, one, {
        ...outcome,
        after: made.map(argument => argument.data),
        reads: made.map(argument => argument.reads()),
      }),
    )
  }
  return observations
}

const attempt = async (work: () => unknown): Promise<{ output?: unknown; fault?: Fault }> => {
  try {
    return { output: await work() }
  } catch (error) {
    const message =
      error instanceof Error ? `${error.name}: ${error.message}` : `threw ${String(error)}, which is no Error`
    return { fault: { kind: "threw", message } }
  }
}

const complete = (
  check: AnyCheck,
  one: PreparedCase,
  seen: { output?: unknown; fault?: Fault; after?: readonly unknown[]; reads: readonly number[] },
): AnyObservation => {
  const { definition, expected } = one
  const before = definition.args.map(dataOf)
  const changedInputs = seen.after
    ? before.flatMap((value, position) => (isDeepStrictEqual(value, seen.after![position]) ? [] : [position]))
    : []
  const observation = {
    name: definition.name,
    args: definition.args.map(plain),
    expected,
    output: seen.output,
    fault: seen.fault,
    changedInputs,
    reads: seen.reads,
  }
  return { ...observation, passed: failureOf(check, definition, observation) === undefined }
}
