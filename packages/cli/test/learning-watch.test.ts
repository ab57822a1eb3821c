import { type ChildProcess, spawn } from "node:child_process"
import { copyFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { loadConfig } from "@roadmap/core/config"
import { answerPath, startExercise } from "@roadmap/labkit/exercises/workbook"
import { type FixtureRepository, makeRepository } from "@roadmap/labkit/testing/fixture-repository"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { drawState } from "../src/commands/watch.ts"
import { createContext } from "../src/context.ts"
import { fitRows } from "../src/learning/screen.ts"
import { wrap, wrapMarkdown } from "../src/learning/text.ts"

let repository: FixtureRepository
const running: ChildProcess[] = []
beforeEach(() => {
  repository = makeRepository()
})
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL")
  repository[Symbol.dispose]()
})

/** The real command in a process of its own, without a terminal: one JSON line a check. */
const startWatch = (...args: string[]) => {
  const launcher = join(import.meta.dirname, "learning-launcher.ts")
  const child = spawn(process.execPath, [launcher, repository.root, "watch", ...args, "--json"], {
    env: { ROADMAP_HOME: repository.home },
    stdio: ["ignore", "pipe", "inherit"],
  })
  running.push(child)
  const lines: string[] = []
  let wake = () => {}
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    lines.push(...text.split(/\n(?=\{"id)/).map(line => line.trim()))
    wake()
  })
  const ended = new Promise<number | null>(resolve => child.on("exit", resolve))
  return {
    child,
    ended,
    async line(): Promise<{ status: string; message: string; error?: { code: string } }> {
      while (lines.length === 0)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      return JSON.parse(lines.shift()!)
    },
  }
}

describe("watch", () => {
  test("checks at each save, survives any answer, and ends at the pass when there is no terminal", async () => {
    const exercise = await repository.exercise("median")
    const { path } = await startExercise(repository.root, exercise)
    const watch = startWatch("median")
    expect(await watch.line()).toMatchObject({ status: "failed" })
    for (const [source, message] of [
      ["export const median = () => {", /Line 1: SyntaxError/],
      ["export const median = () => process.exit(0)", /process\.exit/],
      ["process.abort()", /process\.abort/],
      ["", /no export named "median"/],
    ] as const) {
      writeFileSync(path, source)
      expect(await watch.line()).toMatchObject({ status: "failed", message: expect.stringMatching(message) })
    }
    copyFileSync(join(exercise.folder, "solution.ts"), path)
    expect(await watch.line()).toMatchObject({ status: "passed" })
    expect(await watch.ended).toBe(0)
  })

  test("takes the next exercise when none is named, and starts it", async () => {
    const watch = startWatch()
    expect(await watch.line()).toMatchObject({ status: "failed", id: "feb/01-median" })
    watch.child.kill("SIGINT")
    expect(await watch.ended).toBe(130)
  })

  test("a second watch is refused while the first runs", async () => {
    const first = startWatch("median")
    await first.line()
    const second = startWatch("median")
    expect(await second.line()).toMatchObject({ error: { code: "STATE_LOCKED" } })
    expect(await second.ended).toBe(1)
    first.child.kill("SIGKILL")
    await first.ended
    const third = startWatch("median")
    expect(await third.line()).toMatchObject({ status: "failed" })
  })
})

describe("the screen", () => {
  test.each([80, 120])("fits %i columns", async columns => {
    const exercise = await repository.exercise("median")
    const context = createContext(loadConfig({ NO_COLOR: "1" }), false, new AbortController().signal)
    const message = `${"A sentence that is much longer than the screen is wide. ".repeat(4)}\n\nCase 1 of 5`
    const state = { exercise, path: answerPath("/r", exercise), checking: false, hint: "Hint 1 of 3: look." }
    const failed = drawState(
      context,
      { ...state, result: { id: exercise.id, status: "failed", message, seconds: 0.2 } },
      columns,
    )
    for (const line of failed.split("\n"))
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(columns)
    expect(failed).toMatch(/✖ not yet \(200 ms\)/)
    expect(failed).toMatch(/Hint 1 of 3: look\.\n\nh: hint {3}r: check again {3}q: quit$/)
    const passed = drawState(
      context,
      {
        ...state,
        next: await repository.exercise("retry"),
        result: { id: exercise.id, status: "passed", message: "Well.", seconds: 0.2 },
      },
      columns,
    )
    expect(passed).toMatch(/n: next exercise \(feb\/02-retry\) {3}r: check again {3}q: quit$/)
  })

  test("keeps its head and its keys when there are too few rows", () => {
    expect(fitRows(["head", "a", "b", "c", "", "keys"], 5)).toEqual(["head", "a", "…", "", "keys"])
    expect(fitRows(["head", "keys"], 5)).toEqual(["head", "keys"])
  })
})

describe("text", () => {
  test("is broken at words, keeps its indentation and leaves code alone", () => {
    expect(wrap("  one two three four", 12)).toBe("  one two\n  three four")
    expect(wrap("- one two three", 9)).toBe("- one two\n  three")
    expect(wrap(`  12 | ${"x ".repeat(50)}`, 20)).toBe(`  12 | ${"x ".repeat(50)}`)
  })
  test("of a Markdown paragraph is set anew, of a code block is not", () => {
    expect(wrapMarkdown("# T\n\none\ntwo three\n- a\n- b\n\n```ts\nlet a\nlet b\n```", 40)).toBe(
      "# T\n\none two three\n- a\n- b\n\n```ts\nlet a\nlet b\n```",
    )
  })
})
