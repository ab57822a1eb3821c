import { isRoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { answerPath, startExercise } from "@roadmap/labkit/exercises/workbook"
import type { CommandContext } from "../context.ts"
import { openLearning } from "./catalog.ts"
import { type CheckResult, checkExercise } from "./check-exercise.ts"
import { nextExercise } from "./next.ts"
import { watchSaves } from "./saves.ts"
import { takeHint } from "./take-hint.ts"

export type WatchEvent = "save" | "next" | "hint" | "redraw" | "quit" | "interrupt"

/** What the screen shows. */
export interface WatchState {
  exercise: LearningEntry
  path: string
  checking: boolean
  result?: CheckResult
  /** A failure of the program or of its surroundings, not of the answer. */
  error?: string
  hint?: string
  /** Offered once the exercise is passed. */
  next?: LearningEntry
}

/** Keys and saves as one queue; ten saves during a check are one. */
export const createWatchEvents = () => {
  const waiting: WatchEvent[] = []
  let wake: (() => void) | undefined
  return {
    push(event: WatchEvent) {
      if (!waiting.includes(event)) waiting.push(event)
      wake?.()
    },
    async next(): Promise<WatchEvent> {
      while (waiting.length === 0)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      return waiting.shift()!
    },
  }
}

export type WatchEvents = ReturnType<typeof createWatchEvents>

/**
 * Checks at every save until told to stop. Returns the exit code: 0 after q, 130 after an interrupt. `onPass`
 * ends the loop at a pass.
 */
export const watchLoop = async (
  context: CommandContext,
  first: LearningEntry,
  events: WatchEvents,
  show: (state: WatchState) => void,
  onPass: "stay" | "end",
): Promise<number> => {
  let state = await begin(context, first)
  let saves = watchSaves(state.path, () => events.push("save"))
  try {
    events.push("save")
    for (;;) {
      const event = await events.next()
      if (event === "quit") return 0
      if (event === "interrupt") return 130
      if (event === "save") {
        show({ ...state, checking: true })
        state = await recheck(context, state)
        if (onPass === "end" && state.result?.status === "passed") {
          show(state)
          return 0
        }
      } else if (event === "hint") {
        state = { ...state, hint: await nextHint(context, state.exercise) }
      } else if (event === "next" && state.next) {
        saves[Symbol.dispose]()
        state = await begin(context, state.next)
        saves = watchSaves(state.path, () => events.push("save"))
        events.push("save")
      }
      show(state)
    }
  } finally {
    saves[Symbol.dispose]()
  }
}

const nextHint = async (context: CommandContext, exercise: LearningEntry): Promise<string> => {
  try {
    const { hint, of, text } = await takeHint(context, exercise)
    return `Hint ${hint} of ${of}: ${text}`
  } catch (error) {
    return toRoadmapError(error).message
  }
}

const begin = async (context: CommandContext, exercise: LearningEntry): Promise<WatchState> => {
  await startExercise(context.root, exercise)
  return { exercise, path: answerPath(context.root, exercise), checking: false }
}

/** Whatever the answer or the disk does, the watch goes on. */
const recheck = async (
  context: CommandContext,
  { exercise, path, hint }: WatchState,
): Promise<WatchState> => {
  const state: WatchState = { exercise, path, checking: false }
  try {
    const learning = await openLearning({ ...context, json: true })
    const result = await checkExercise(context, exercise, { records: learning.records })
    if (result.status !== "passed") return { ...state, result, ...(hint && { hint }) }
    const next = await nextExercise(context, await openLearning({ ...context, json: true }))
    return { ...state, result, ...(next && { next: next.exercise }) }
  } catch (error) {
    if (isRoadmapError(error, "INTERRUPTED")) return state
    const { message, hint: advice } = toRoadmapError(error)
    return { ...state, error: advice ? `${message} ${advice}` : message }
  }
}
