import { setImmediate as turn } from "node:timers/promises"
import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { createShutdown, Ending, Times } from "./solution.ts"

export interface Visit {
  /** When the load balancer has it to send. */
  at: number
  /** How long the server needs for it. */
  ms: number
}

export interface Site extends Times {
  /** Signals to the server. */
  signalsAt: number[]
  /** The load balancer asks for readiness this often, from 0 on, and sends as long as the last answer was yes. */
  askEveryMs: number
  flushMs: number
}

export interface Story {
  /** elsewhere: the load balancer had heard, and sent it to another server. */
  requests: (
    | "answered"
    | "elsewhere"
    | "refused"
    | "cut off"
    | "failed without a model"
    | "lost at the end"
  )[]
  logged: number
  flushes: number
  endings: { at: number; ending: Ending }[]
}

/** (visits, site) => what became of each request. The process ends when the first shutdown resolves. */
export default defineHarness(
  (answer: typeof createShutdown) =>
    async (visits: readonly Visit[], site: Site): Promise<Story> => {
      const timeline = createTimeline()
      const story: Story = { requests: visits.map(() => "elsewhere"), logged: 0, flushes: 0, endings: [] }
      let [ready, sending, listening, model] = [true, true, true, true]
      let buffered = 0
      const running = new Set<number>()
      let idle: (() => void)[] = []
      const finish = (request: number, how: Story["requests"][number]): void => {
        if (!running.delete(request)) return
        story.requests[request] = how
        if (how === "answered") buffered++
        if (running.size > 0) return
        for (const resolve of idle) resolve()
        idle = []
      }
      const server = {
        setReady(value: boolean) {
          ready = value
        },
        stopListening() {
          listening = false
        },
        whenIdle: () =>
          new Promise<void>(resolve => {
            if (running.size === 0) resolve()
            else idle.push(resolve)
          }),
        abortRequests() {
          for (const request of running) finish(request, "cut off")
        },
        async flushLog() {
          story.flushes++
          const taken = buffered
          buffered = 0
          await new Promise<void>(resolve => timeline.after(site.flushMs, resolve))
          if (story.endings.length === 0) story.logged += taken
        },
        async releaseModel() {
          model = false
        },
      }
      const shutDown = answer(
        server,
        { drainMs: site.drainMs, deadlineMs: site.deadlineMs },
        { after: timeline.after },
      )

      for (let at = 0; at <= 10_000; at += site.askEveryMs)
        timeline.after(at, () => {
          sending = ready
        })
      for (const [request, { at, ms }] of visits.entries())
        timeline.after(at, () => {
          if (!sending || story.endings.length > 0) return
          story.requests[request] = "refused"
          if (!listening) return
          running.add(request)
          timeline.after(ms, () => finish(request, model ? "answered" : "failed without a model"))
        })
      for (const at of site.signalsAt)
        timeline.after(at, async () => {
          const ending = await shutDown()
          if (story.endings.length === 0)
            for (const request of running) story.requests[request] = "lost at the end"
          if (story.endings.length === 0) running.clear()
          story.endings.push({ at: timeline.now(), ending })
        })
      await timeline.run(20_000)
      return story
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
