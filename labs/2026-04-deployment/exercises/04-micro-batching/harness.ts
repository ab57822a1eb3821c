import { setImmediate as turn } from "node:timers/promises"
import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { createBatcher, Limits } from "./solution.ts"

export interface Arrival {
  at: number
  rows: number[]
}

export interface Server extends Limits {
  /** How long the model takes for a call. */
  costMs: number
}

export interface Seen {
  /** Calls of the model, in order. */
  calls: { at: number; rows: number[] }[]
  /** One a request; null: never answered. */
  answers: ({ at: number; predictions: number[] } | { at: number; failed: string } | null)[]
}

/** The model: half of each row. A negative row makes it fail. */
const half = (rows: readonly number[]): number[] => {
  const bad = rows.find(row => row < 0)
  if (bad !== undefined) throw new Error(`bad row ${bad}`)
  return rows.map(row => row / 2)
}

/** (arrivals, server) => what the model was called with, and what each request got. Time is the harness's own. */
export default defineHarness(
  (answer: typeof createBatcher) =>
    async (arrivals: readonly Arrival[], { costMs, ...limits }: Server): Promise<Seen> => {
      const timeline = createTimeline()
      const calls: Seen["calls"] = []
      const answers: Seen["answers"] = arrivals.map(() => null)
      const predict = answer(
        async rows => {
          if (calls.length === 2_000) throw new Error("2,000 calls of the model: this batcher does not end")
          calls.push({ at: timeline.now(), rows: [...rows] })
          await new Promise<void>(resolve => timeline.after(costMs, resolve))
          return half(rows)
        },
        limits,
        { after: timeline.after },
      )
      for (const [index, { at, rows }] of arrivals.entries())
        timeline.after(at, async () => {
          try {
            const predictions = [...(await predict(rows))]
            answers[index] = { at: timeline.now(), predictions }
          } catch (error) {
            answers[index] = {
              at: timeline.now(),
              failed: error instanceof Error ? error.message : String(error),
            }
          }
        })
      await timeline.run(60_000)
      return { calls, answers }
    },
)

/** A clock that moves to the next event as soon as everything of this one has been done. */
const createTimeline = () => {
  let time = 0
  let planned: { at: number; callback: () => void }[] = []
  return {
    now: () => time,
    after(ms: number, callback: () => void): () => void {
      const event = { at: time + ms, callback }
      planned.push(event)
      return () => {
        planned = planned.filter(one => one !== event)
      }
    },
    async run(until: number): Promise<void> {
      for (;;) {
        await turn()
        const next = planned.reduce<(typeof planned)[number] | undefined>(
          (first, one) => (first === undefined || one.at < first.at ? one : first),
          undefined,
        )
        if (next === undefined || next.at > until) return
        planned = planned.filter(one => one !== next)
        time = next.at
        next.callback()
      }
    },
  }
}
