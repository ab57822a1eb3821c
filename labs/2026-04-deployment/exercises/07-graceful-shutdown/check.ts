import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { default as harness, Site, Story, Visit } from "./harness.ts"

const site = (changes: Partial<Site> = {}): Site => ({
  signalsAt: [103],
  askEveryMs: 50,
  drainMs: 80,
  deadlineMs: 500,
  flushMs: 20,
  ...changes,
})
const visits = (...given: [at: number, ms: number][]): Visit[] => given.map(([at, ms]) => ({ at, ms }))

export default defineCheck<ReturnType<typeof harness>>({
  answer: "createShutdown",
  // From the times alone: who is sent where, and when each one ends.
  reference: (requests, { signalsAt, askEveryMs, drainMs, deadlineMs, flushMs }): Story => {
    const signal = signalsAt[0]
    const heard = Math.ceil(signal / askEveryMs) * askEveryMs
    const closed = signal + drainMs
    const deadline = signal + deadlineMs
    const taken = requests.filter(({ at }) => at < heard && at < closed)
    const idle = Math.max(closed, ...taken.map(({ at, ms }) => at + ms))
    const ended = Math.min(idle, deadline) + flushMs
    const fate = ({ at, ms }: Visit): Story["requests"][number] => {
      if (at >= heard) return "elsewhere"
      if (at >= closed) return "refused"
      return at + ms > deadline ? "cut off" : "answered"
    }
    const fates = requests.map(fate)
    return {
      requests: fates,
      logged: fates.filter(one => one === "answered").length,
      flushes: 1,
      endings: signalsAt.map(at => ({
        at: Math.max(at, ended),
        ending: idle > deadline ? ("cut" as const) : ("clean" as const),
      })),
    }
  },
  cases: ({ random }) => [
    {
      name: "a request that runs when the signal comes",
      args: [visits([60, 10], [90, 200]), site()],
      expect: {
        requests: ["answered", "answered"],
        logged: 2,
        flushes: 1,
        endings: [{ at: 310, ending: "clean" }],
      },
      because: "it ends at 290; then the log is written, which takes 20 ms.",
    },
    {
      name: "requests that come before the load balancer has heard",
      args: [visits([110, 20], [140, 20], [160, 20]), site()],
      because: "it asks at 150; until then it sends, and the server must answer.",
    },
    {
      name: "nothing to do",
      args: [[], site()],
      because: "80 ms of serving on, 20 of writing; nobody has to wait for the deadline.",
    },
    {
      name: "a request that never ends",
      args: [visits([90, 100_000], [95, 30]), site()],
      because: "500 ms after the signal it is cut off, and what was answered is logged nevertheless.",
    },
    {
      name: "a request that ends while the log is written, if that is too early",
      args: [visits([100, 95], [101, 250]), site({ flushMs: 60 })],
    },
    {
      name: "two signals",
      args: [visits([90, 150]), site({ signalsAt: [103, 130] })],
      because: "the impatient second Ctrl-C gets the promise of the first.",
    },
    {
      name: "60 random requests",
      args: [
        Array.from({ length: 60 }, () => ({
          at: 1 + 2 * random.integer(100),
          ms: 10 + 10 * random.integer(30),
        })).sort((a, b) => a.at - b.at),
        site({ signalsAt: [104], askEveryMs: 70, drainMs: 100, deadlineMs: 330 }),
      ],
    },
  ],
  mistakes: {
    "stops-at-once": {
      message:
        "The server stops taking requests as soon as the signal comes. The load balancer has not heard yet and goes on sending: those are refused. Say that you are not ready, and serve on for `drainMs`.",
    },
    "stays-ready": {
      message:
        "Nobody is told that the server is going. The load balancer sends to it for as long as it answers that it is ready, and a little longer: setReady(false) comes first.",
    },
    "does-not-wait": {
      message:
        "The process ends while requests are running. Their clients see a connection that breaks in the middle of an answer: wait until the server is idle.",
    },
    "waits-for-ever": {
      message:
        "A request that never ends keeps the process from ending. Whoever sent the signal will kill it at some time, and the log with it: cut off at the deadline.",
    },
    "flushes-too-early": {
      message:
        "The log is written before the last requests have ended. Their predictions are answered and nowhere written down: first the requests, then the log.",
    },
    "releases-the-model-first": {
      message:
        "The model is let go while requests still need it. They were taken and now fail: it goes last.",
    },
    "deadline-after-draining": {
      message:
        "The deadline counts from the end of the draining. The one who sent the signal counts from the signal, and kills at his own time: start the clock at once.",
    },
    "always-waits": {
      message:
        "The shutdown lasts until the deadline also when nothing is running. A release of fifty servers takes half an hour then: whichever comes first.",
    },
    "second-signal-starts-over": {
      message:
        "A second signal runs the whole shutdown once more, beside the first. Keep the promise of the first one, and return it.",
    },
    "cut-is-clean": {
      message:
        "Requests were cut off, and the result says clean. An ending that hides what it cost will not be improved: tell which of the two came first.",
    },
  },
  passed: "packages/serving/src/operate/shutdown.ts does this around Fastify's own close.",
})
