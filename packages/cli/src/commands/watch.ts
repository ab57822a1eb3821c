import { join } from "node:path"
import { lockFile } from "@roadmap/core/lock-file"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { formatSeconds } from "@roadmap/report/format"
import type { CommandContext } from "../context.ts"
import { exerciseOf, openLearning } from "../learning/catalog.ts"
import { nextExercise } from "../learning/next.ts"
import { openScreen } from "../learning/screen.ts"
import { shortPath, wrap, wrapMarkdown } from "../learning/text.ts"
import {
  createWatchEvents,
  type WatchEvent,
  type WatchEvents,
  type WatchState,
  watchLoop,
} from "../learning/watch-loop.ts"

/**
 * Checks an exercise again at every save. On a terminal: one screen, until q or Ctrl-C. Elsewhere: one result a check
 * (with --json one JSON document a line), until the exercise is passed.
 */
export const watch = async (context: CommandContext, word: string | undefined): Promise<number> => {
  const learning = await openLearning(context)
  const exercise =
    word === undefined ? (await nextExercise(context, learning))?.exercise : exerciseOf(learning, word)
  if (!exercise) {
    context.print({ next: null }, () => `${context.colors.green("✔")} Every exercise is passed.`)
    return 0
  }
  using _lock = lockFile(join(context.config.home, "watch.lock"), {
    waitMs: 0,
    busy: "Another roadmap watch is running on this home folder.",
    hint: "Use that one, or stop it with q.",
  })
  const stop = new AbortController()
  const events = createWatchEvents()
  const end = (event: WatchEvent) => {
    events.push(event)
    stop.abort()
  }
  const onAbort = () => end("interrupt")
  context.signal.addEventListener("abort", onAbort, { once: true })
  try {
    const stoppable = { ...context, signal: AbortSignal.any([context.signal, stop.signal]) }
    const terminal = process.stdout.isTTY && process.stdin.isTTY && !context.json
    return terminal
      ? await onTerminal(stoppable, exercise, events, end)
      : await onPipe(stoppable, exercise, events)
  } finally {
    context.signal.removeEventListener("abort", onAbort)
  }
}

const onTerminal = async (
  context: CommandContext,
  exercise: LearningEntry,
  events: WatchEvents,
  end: (event: WatchEvent) => void,
): Promise<number> => {
  const { stdin, stdout } = process
  const onKey = (data: Buffer) => {
    const event = keyEvent(data.toString())
    if (event === "quit" || event === "interrupt") end(event)
    else if (event) events.push(event)
  }
  const onResize = () => events.push("redraw")
  stdin.setRawMode(true)
  stdin.resume()
  stdin.on("data", onKey)
  stdout.on("resize", onResize)
  const screen = openScreen(stdout)
  try {
    return await watchLoop(
      context,
      exercise,
      events,
      state => screen.draw(drawState(context, state, screen.columns)),
      "stay",
    )
  } finally {
    screen.close()
    stdout.off("resize", onResize)
    stdin.off("data", onKey)
    stdin.setRawMode(false)
    stdin.pause()
  }
}

const keyEvent = (text: string): WatchEvent | undefined => {
  if (text.includes("\x03")) return "interrupt"
  const keys: Record<string, WatchEvent> = { q: "quit", n: "next", h: "hint", r: "save", "\x04": "quit" }
  return keys[text.charAt(0).toLowerCase()]
}

const onPipe = (context: CommandContext, exercise: LearningEntry, events: WatchEvents): Promise<number> =>
  watchLoop(
    context,
    exercise,
    events,
    ({ checking, result, error }) => {
      if (checking) return
      if (context.json) process.stdout.write(`${JSON.stringify(result ?? { id: exercise.id, error })}\n`)
      else
        process.stdout.write(
          `${result ? `${result.status}: ${result.id}\n${result.message}` : (error ?? "")}\n`,
        )
    },
    "end",
  )

/** The screen's text for a width: head, result, hint, and below them the keys. */
export const drawState = (context: CommandContext, state: WatchState, columns: number): string => {
  const { bold, dim, green, red, yellow } = context.colors
  const { exercise, result, next } = state
  const head = `${bold(exercise.id)}  ${dim(shortPath(state.path))}`
  const lines = [head, dim("─".repeat(columns)), ""]
  if (state.checking) lines.push(yellow("… checking"))
  else if (state.error) lines.push(red("✖ could not be checked"), "", wrap(state.error, columns))
  else if (result?.status === "passed")
    lines.push(green(`✔ passed in ${formatSeconds(result.seconds)}`), "", wrap(result.message, columns))
  else if (result)
    lines.push(red(`✖ not yet (${formatSeconds(result.seconds)})`), "", wrap(result.message, columns))
  if (state.hint && result?.status !== "passed") lines.push("", wrapMarkdown(state.hint, columns))
  const passed = result?.status === "passed"
  if (passed && !next) lines.push("", green("Every exercise is passed."))
  const offer = next ? [`n: next exercise (${next.id})`] : passed ? [] : ["h: hint"]
  const keys = [...offer, "r: check again", "q: quit"]
  return [...lines, "", dim(keys.join("   "))].join("\n")
}
