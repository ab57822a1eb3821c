import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { Files, Partition, scoreBatch } from "./solution.ts"

export interface Batch {
  model: string
  /** Files that are there before the first start. */
  before: Record<string, string>
  /** Also start it once for each call it makes, with a kill in that call, and start it again. */
  kill: boolean
}

export interface Outcome {
  /** What readers find below done/ in the end, when no start was killed. */
  done: Record<string, unknown>
  /** Kills after which the end was another one. */
  wrongAfterKill: number
  /** Kills that left a file below done/ that is no complete JSON. */
  halfFiles: number
  /** Scorings that a kill cost, at most, besides the partition that it hit. */
  lostWork: number
  /** Files that are left outside of done/, at most. */
  leftOver: number
}

/** Every score is half of its row. */
const scoreOf = (row: number): number => row / 2

/** (partitions, batch) => what readers find, over a kill in each of the answer's calls. */
export default defineHarness(
  (answer: typeof scoreBatch) =>
    async (partitions: readonly Partition[], batch: Batch): Promise<Outcome> => {
      const whole = await startedOn(new Map(Object.entries(batch.before)))
      const done = finished(whole.disk)
      const outcome: Outcome = {
        done,
        wrongAfterKill: 0,
        halfFiles: 0,
        lostWork: 0,
        leftOver: leftOver(whole.disk),
      }
      for (let call = 0; batch.kill && call < whole.calls; call++) {
        const first = await startedOn(new Map(Object.entries(batch.before)), call)
        if (Object.values(finished(first.disk)).includes("half a file")) outcome.halfFiles++
        const second = await startedOn(first.disk)
        if (JSON.stringify(finished(second.disk)) !== JSON.stringify(done)) outcome.wrongAfterKill++
        outcome.lostWork = Math.max(outcome.lostWork, first.scored + second.scored - whole.scored - 1)
        outcome.leftOver = Math.max(outcome.leftOver, leftOver(second.disk))
      }
      return outcome

      /** One start of the batch; with `killAt`, that call does not come back, and no later one does anything. */
      async function startedOn(disk: Map<string, string>, killAt = Number.POSITIVE_INFINITY) {
        let calls = 0
        let scored = 0
        let kill: () => void = () => undefined
        const killed = new Promise<void>(resolve => {
          kill = resolve
        })
        /** Does `work`, or is killed: then `part` is what had been done so far. */
        const call = async <T>(work: () => T, part?: () => void): Promise<T> => {
          const place = calls++
          if (place > 5_000) throw new Error("5,000 calls: this batch does not end")
          if (place >= killAt) {
            if (place === killAt) part?.()
            kill()
            return new Promise<T>(() => undefined)
          }
          return work()
        }
        const files: Files = {
          list: () => call(() => [...disk.keys()].sort()),
          read: name => call(() => textOf(disk, name)),
          write: (name, text) =>
            call(
              () => void disk.set(name, text),
              () => disk.set(name, text.slice(0, text.length / 2)),
            ),
          rename: (from, to) =>
            call(() => {
              disk.set(to, textOf(disk, from))
              disk.delete(from)
            }),
          remove: name => call(() => void disk.delete(name)),
        }
        const score = (rows: readonly number[]) => {
          if (calls < killAt) scored++
          return call(
            () => rows.map(scoreOf),
            () => scored++,
          )
        }
        await Promise.race([
          answer(structuredClone(partitions), { model: batch.model, files, score }),
          killed,
        ])
        return { disk, calls, scored }
      }
    },
)

const textOf = (disk: ReadonlyMap<string, string>, name: string): string => {
  const text = disk.get(name)
  if (text === undefined) throw new Error(`there is no file ${name}`)
  return text
}

const finished = (disk: ReadonlyMap<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    [...disk]
      .filter(([name]) => name.startsWith("done/"))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => [name.slice(5), parsed(text)]),
  )

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return "half a file"
    throw error
  }
}

const leftOver = (disk: ReadonlyMap<string, string>): number =>
  [...disk.keys()].filter(name => !name.startsWith("done/")).length
