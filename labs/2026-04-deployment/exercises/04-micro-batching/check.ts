import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Arrival, default as harness, Seen, Server } from "./harness.ts"

const server = (changes: Partial<Server> = {}): Server => ({
  maxRows: 4,
  maxDelayMs: 5,
  costMs: 3,
  ...changes,
})
const arrivals = (...given: [at: number, ...rows: number[]][]): Arrival[] =>
  given.map(([at, ...rows]) => ({ at, rows }))

export default defineCheck<ReturnType<typeof harness>>({
  answer: "createBatcher",
  // From the list of arrivals alone: which requests are joined follows from their times and sizes.
  reference: (requests, { maxRows, maxDelayMs, costMs }): Seen => {
    const calls: Seen["calls"] = []
    const answers: Seen["answers"] = requests.map(() => null)
    let members: number[] = []
    const rowsOf = (indexes: readonly number[]) => indexes.flatMap(index => requests[index].rows)
    const answer = (index: number, at: number) => {
      const { rows } = requests[index]
      const bad = rows.find(row => row < 0)
      answers[index] =
        bad === undefined ? { at, predictions: rows.map(row => row / 2) } : { at, failed: `bad row ${bad}` }
    }
    const leave = (at: number) => {
      if (members.length === 0) return
      calls.push({ at, rows: rowsOf(members) })
      const poisoned = rowsOf(members).some(row => row < 0)
      for (const index of members)
        if (poisoned && members.length > 1) {
          calls.push({ at: at + costMs, rows: requests[index].rows })
          answer(index, at + 2 * costMs)
        } else answer(index, at + costMs)
      members = []
    }
    const leaveByTime = (until: number) => {
      const opened = members.length > 0 ? requests[members[0]].at : until
      if (opened + maxDelayMs < until) leave(opened + maxDelayMs)
    }
    for (const [index, { at, rows }] of requests.entries()) {
      leaveByTime(at)
      if (rowsOf(members).length + rows.length > maxRows) leave(at)
      members.push(index)
      if (rowsOf(members).length >= maxRows) leave(at)
    }
    leaveByTime(Number.POSITIVE_INFINITY)
    return { calls: calls.sort((a, b) => a.at - b.at), answers }
  },
  cases: ({ random }) => {
    let time = 0
    const busy = Array.from({ length: 120 }, (_, i): Arrival => {
      // Odd times: no request comes just when a batch leaves or comes back.
      time += 2 * random.integer(9)
      return { at: time + 1, rows: Array.from({ length: 1 + random.integer(3) }, (_, row) => 10 * i + row) }
    })
    return [
      {
        name: "a request that stays alone",
        args: [arrivals([0, 8]), server()],
        expect: { calls: [{ at: 5, rows: [8] }], answers: [{ at: 8, predictions: [4] }] },
        because: "nobody else comes: it leaves 5 ms after it came, and the model takes 3.",
      },
      {
        name: "three requests of different sizes within 5 ms",
        args: [arrivals([0, 2], [1, 4, 6], [3, 8]), server({ maxRows: 8 })],
        expect: {
          calls: [{ at: 5, rows: [2, 4, 6, 8] }],
          answers: [
            { at: 8, predictions: [1] },
            { at: 8, predictions: [2, 3] },
            { at: 8, predictions: [4] },
          ],
        },
        because: "the delay counts from the first one; each caller gets the predictions of its own rows.",
      },
      {
        name: "a batch that is full before its time, and a request after it",
        args: [arrivals([0, 2, 4], [1, 6, 8], [2, 10]), server()],
        expect: {
          calls: [
            { at: 1, rows: [2, 4, 6, 8] },
            { at: 7, rows: [10] },
          ],
          answers: [
            { at: 4, predictions: [1, 2] },
            { at: 4, predictions: [3, 4] },
            { at: 10, predictions: [5] },
          ],
        },
        because: "with 4 rows it leaves at once; the one that came at 2 may wait until 7.",
      },
      {
        name: "a request that does not fit any more",
        args: [arrivals([0, 2, 4, 6], [2, 8, 10]), server()],
        expect: {
          calls: [
            { at: 2, rows: [2, 4, 6] },
            { at: 7, rows: [8, 10] },
          ],
          answers: [
            { at: 5, predictions: [1, 2, 3] },
            { at: 10, predictions: [4, 5] },
          ],
        },
        because: "5 rows are more than 4, and the rows of one request stay together.",
      },
      {
        name: "a request with more rows than a batch may have",
        args: [arrivals([0, 2], [1, 4, 6, 8, 10, 12], [2, 14]), server()],
        expect: {
          calls: [
            { at: 1, rows: [2] },
            { at: 1, rows: [4, 6, 8, 10, 12] },
            { at: 7, rows: [14] },
          ],
          answers: [
            { at: 4, predictions: [1] },
            { at: 4, predictions: [2, 3, 4, 5, 6] },
            { at: 10, predictions: [7] },
          ],
        },
      },
      {
        name: "a slow model and one bad row among three requests",
        args: [arrivals([0, 2], [1, -4, 6], [2, 8], [30, 10]), server({ costMs: 20, maxRows: 9 })],
        expect: {
          calls: [
            { at: 5, rows: [2, -4, 6, 8] },
            { at: 25, rows: [2] },
            { at: 25, rows: [-4, 6] },
            { at: 25, rows: [8] },
            { at: 35, rows: [10] },
          ],
          answers: [
            { at: 45, predictions: [1] },
            { at: 45, failed: "bad row -4" },
            { at: 45, predictions: [4] },
            { at: 55, predictions: [5] },
          ],
        },
        because: "the three are tried again alone, and only the one with the bad row fails.",
      },
      {
        name: "requests that come every 4 ms",
        args: [arrivals([0, 2], [4, 4], [8, 6], [12, 8], [16, 10]), server({ maxRows: 100, costMs: 30 })],
        because:
          "a batch leaves 5 ms after it was opened, also when others keep coming, and before earlier ones are back.",
      },
      { name: "120 random requests", args: [busy, server({ maxRows: 6, maxDelayMs: 10, costMs: 4 })] },
    ]
  },
  mistakes: {
    "keeps-the-timer": {
      message:
        "A batch that leaves because it is full leaves its timer behind, and that sends the next batch away too early. Nothing fails, batches are only smaller than they could be: cancel the timer.",
    },
    "restarts-the-delay": {
      message:
        "Each request starts the delay anew. While requests keep coming, nobody is answered: the delay counts from the request that opened the batch.",
    },
    "waits-until-full": {
      message:
        "A batch leaves only when it is full. At night the last request waits for the next morning: it must leave after `maxDelayMs` too.",
    },
    "answers-from-the-front": {
      message:
        "Every caller gets predictions from the front of the list. All but the first get those of other people's rows: the worst fault a batcher can have, and no error shows it.",
    },
    overfills: {
      message:
        "A request is added first, and then it is asked whether the batch is full. Batches have more than `maxRows` rows then: ask before you add.",
    },
    "fails-all": {
      message:
        "When the model fails for a batch, all its requests fail. One client with a bad row can make every other one fail: try them alone.",
    },
    "one-at-a-time": {
      message:
        "A batch waits until the one before has come back. When the model is slow, the delay is no longer limited by `maxDelayMs`: let them leave on their own.",
    },
    "never-joins": {
      message:
        "Each request is given to the model by itself. The answers are right; the point was to call the model less often.",
    },
  },
  passed:
    "packages/serving/src/operate/batcher.ts does this, and scores a request at once when nothing else is waiting: an idle server should not add a delay.",
})
