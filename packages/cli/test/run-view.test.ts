import { loadConfig } from "@roadmap/core/config"
import { defineLab, defineStep } from "@roadmap/labkit/lab"
import type { LabOutcome, RunEvent } from "@roadmap/labkit/run"
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { createContext } from "../src/context.ts"
import { summary } from "../src/run-summary.ts"
import { createRunView } from "../src/run-view.ts"

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const context = (columns = 80) => ({
  ...createContext(loadConfig({ NO_COLOR: "1" }), false, new AbortController().signal),
  columns,
})
const step = defineStep({
  id: "train",
  title: "Train and track the candidates for both tasks, each with a name that is too long",
  run: async () => ({}),
})
const lab = defineLab({
  month: "2026-02",
  title: "A title that is longer than a narrow terminal",
  consumes: [],
  produces: [],
  steps: [step],
})
const place = { step, index: 0, count: 1 }

/** What the stream got, write by write. */
const shown = (
  terminal: { columns: number } | undefined,
  events: readonly (RunEvent | { wait: number })[],
) => {
  const writes: string[] = []
  const stream = {
    isTTY: terminal !== undefined,
    columns: terminal?.columns,
    write: (text: string) => writes.push(text),
  }
  const view = createRunView(context(), stream as unknown as NodeJS.WriteStream)
  for (const event of events)
    if ("wait" in event) vi.advanceTimersByTime(event.wait)
    else view.onEvent(event)
  return writes
}

const trees = (done: number): RunEvent => ({
  type: "progress",
  step,
  label: "delay boosting",
  done,
  total: 200,
  unit: "trees",
})

/** The line as it stands on the screen. */
const lineOf = (write: string) => write.replace(/^\r/, "").replace("\x1b[K", "")

describe("the live line", () => {
  const growing = [{ type: "step-start", ...place }, trees(0), { wait: 2_000 }, trees(50)] as const

  test("tells the count, the rate and the time left", () => {
    expect(lineOf(shown({ columns: 100 }, growing).at(-1)!)).toBe(
      "  … train        ████░░░░░░░░░░░░ delay boosting 50/200 trees, 25/s, 6 s left",
    )
  })

  test.each([40, 50, 60, 80, 120])("keeps the time left, and to one row, at %i columns", columns => {
    const line = lineOf(shown({ columns }, growing).at(-1)!)
    expect(line.length).toBeLessThan(columns)
    if (columns >= 60) expect(line).toMatch(/6 s left$/)
  })

  test("is overwritten in one write, without clearing it first: that would flicker", () => {
    for (const write of shown({ columns: 80 }, growing).slice(1)) {
      expect(write.lastIndexOf("\r")).toBe(0)
      expect(write.indexOf("\x1b")).toBe(write.length - "\x1b[K".length)
    }
  })

  test("shows percents as such", () => {
    const percent = (done: number): RunEvent => ({
      type: "progress",
      step,
      label: "checking",
      done,
      total: 100,
      unit: "%",
    })
    const writes = shown({ columns: 80 }, [percent(0), { wait: 10_000 }, percent(20)])
    expect(lineOf(writes.at(-1)!)).toMatch(/checking 20 %, 40 s left$/)
  })

  test("slow work has a rate too", () => {
    const writes = shown({ columns: 100 }, [trees(0), { wait: 4_000 }, trees(2)])
    expect(lineOf(writes.at(-1)!)).toMatch(/2\/200 trees, 0\.5\/s, 6 min 36 s left$/)
  })

  test.each([40, 80, 120])("no finished line breaks over the edge at %i columns", columns => {
    const outcome = { id: "train", status: "done" as const, seconds: 83.2 }
    const writes = shown({ columns }, [
      { type: "lab-start", lab },
      { type: "step-start", ...place },
      { type: "step-end", ...place, outcome },
    ])
    for (const line of writes.join("").split("\n"))
      expect(line.split("\r").at(-1)!.replace("\x1b[K", "").length).toBeLessThanOrEqual(columns)
    expect(writes.at(-1)).toMatch(/1 min 23 s\n$/)
  })
})

test("without a terminal there is a line a step and one every ten seconds, without control characters", () => {
  const writes = shown(undefined, [
    { type: "step-start", ...place },
    ...Array.from({ length: 21 }, (_, i) => [trees(i * 5), { wait: 1_000 }] as const).flat(),
    { type: "step-end", ...place, outcome: { id: "train", status: "done", seconds: 21 } },
  ])
  expect(writes.length).toBe(4)
  for (const control of ["\r", "\x1b"]) expect(writes.join("")).not.toContain(control)
})

describe("the summary", () => {
  const metrics: Record<string, number> = { "flights/ingest/rows/accepted": 3_000_000 }
  for (const [task, names] of [
    ["delay", ["rmse", "mae", "r2", "roc_auc"]],
    ["late", ["log_loss", "brier", "roc_auc", "average_precision"]],
  ] as const)
    for (const split of ["validation", "test"])
      for (const model of ["constant", "ridge", "boosting"])
        for (const metric of names) metrics[`${task}/${model}/${metric}/${split}`] = 0.123456
  const outcome: LabOutcome = {
    month: "2026-02",
    status: "done",
    seconds: 61,
    steps: [
      { id: "ingest", status: "skipped", seconds: 0 },
      { id: "train", status: "done", seconds: 60 },
    ],
    metrics,
    measured: [],
    tolerances: {},
    artifacts: {
      "table/silver.flights": "silver.flights",
      "run/delay/ridge": "runs:/1",
      "run/delay/boosting": "runs:/2",
      "model/flight-delay": "models:/flight-delay/3",
      report: "/home/reports/index.html",
    },
  }

  test("fits one screen of 80 columns and 30 rows, and names the next commands", () => {
    const text = summary(context(80), "Foundations", outcome, 100)
    const lines = text.split("\n")
    expect(lines.length).toBeLessThanOrEqual(28)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
    expect(lines[0]).toBe("✔ Foundations done in 1 min 1 s, on one row in 100, 1 step was up to date")
    expect(text).toContain("roadmap models flight-delay/3")
    expect(text).toContain("/home/reports/index.html")
  })

  test("says when nothing changed, and nothing of a sample when all rows were used", () => {
    const skipped = outcome.steps.map(each => ({ ...each, status: "skipped" as const }))
    expect(summary(context(), "F", { ...outcome, steps: skipped }, 1).split("\n")[0]).toBe(
      "✔ F done in 1 min 1 s, nothing changed",
    )
  })

  test("a failed month shows no numbers", () => {
    expect(summary(context(), "F", { ...outcome, status: "failed" }, 1)).toBe(
      "✖ F failed in 1 min 1 s, 1 step was up to date",
    )
  })
})
