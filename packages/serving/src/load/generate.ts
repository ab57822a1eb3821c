import { createRandom } from "@roadmap/core/random"
import { createSchedule, rateAt, spacingOf } from "./arrivals.ts"
import { createDispatch } from "./dispatch.ts"
import { type Counts, createLedger } from "./ledger.ts"
import type { LoadPlan } from "./options.ts"
import { createPool } from "./pool.ts"
import { endpointOf, requestsOf } from "./request.ts"

export interface LoadProgress {
  /** Seconds since the first request; negative in the warm-up. */
  seconds: number
  scheduled: number
  ok: number
  failed: number
  inFlight: number
  /** Requests that are due and wait for a connection. */
  waiting: number
}

const progressMs = 250
/** Nearer than this the loop turns without sleeping: timers are a millisecond late or more. */
const spinMs = 3
const mostSlices = 240

export const sliceSecondsOf = ({ seconds }: Pick<LoadPlan, "seconds">): number => seconds / slicesOf(seconds)

const slicesOf = (seconds: number): number => Math.min(mostSlices, Math.max(1, Math.round(seconds)))

/**
 * Runs a plan in this thread, which it keeps busy: one turn of the event loop sends what is due, then reads what came.
 * Throws UNREACHABLE when the server takes no connection at the start.
 */
export const generate = async (
  plan: LoadPlan,
  onProgress: (progress: LoadProgress) => void,
): Promise<Counts> => {
  const warmupMs = plan.warmupSeconds * 1_000
  const endMs = warmupMs + plan.seconds * 1_000
  const ledger = createLedger({ fromMs: warmupMs, toMs: endMs, slices: slicesOf(plan.seconds) })
  const requests = requestsOf(plan)
  let turn = 0
  let origin = performance.now()
  const clock = () => performance.now() - origin

  const pool = createPool(endpointOf(plan), plan.connections, {
    onReady: connection => dispatch.ready(connection, clock()),
    onOutcome: (connection, outcome, alive) =>
      dispatch.finish(connection, clock(), outcome, { ready: alive }),
    onLost: connection => dispatch.lost(connection),
    onNoConnection: () => dispatch.refuse(clock()),
    onBytes: ledger.received,
  })
  const dispatch = createDispatch({
    connections: plan.connections,
    timeoutMs: plan.timeoutMs,
    send(connection) {
      pool.send(connection, requests[turn])
      turn = turn + 1 === requests.length ? 0 : turn + 1
    },
    abandon: connection => pool.replace(connection),
    onFinished: ledger.finished,
  })

  const due = arrivalsOf(plan, warmupMs)
  let next = due()
  const sendDue = (): number => {
    let now = clock()
    while (next <= now && next < endMs) {
      ledger.scheduled(next, now)
      dispatch.arrive(next, now)
      next = due()
      now = clock()
    }
    return now
  }

  await pool.open(Math.max(2_000, plan.timeoutMs))
  origin = performance.now()
  const expiry = setInterval(() => dispatch.expire(clock()), Math.min(100, Math.max(1, plan.timeoutMs / 10)))
  const progress = setInterval(() => {
    const { inFlight, waiting } = dispatch
    onProgress({ seconds: (clock() - warmupMs) / 1_000, ...ledger.tally(), inFlight, waiting })
  }, progressMs)
  try {
    await new Promise<void>(resolve => {
      const loop = (): void => {
        const now = sendDue()
        if (next < endMs) {
          if (next - now > spinMs) setTimeout(loop, Math.floor(next - now - spinMs + 1))
          else setImmediate(loop)
        } else if (dispatch.inFlight + dispatch.waiting > 0 && now < endMs + plan.timeoutMs) {
          setTimeout(loop, 1)
        } else resolve()
      }
      loop()
    })
    dispatch.giveUp(clock())
    return ledger.counts()
  } finally {
    clearInterval(expiry)
    clearInterval(progress)
    pool.close()
  }
}

/** The warm-up at the first rate, then the arrivals, in milliseconds from the warm-up's start. */
const arrivalsOf = (plan: LoadPlan, warmupMs: number): (() => number) => {
  const random = createRandom(plan.seed)
  const first = { kind: spacingOf(plan.arrivals), rate: rateAt(plan.arrivals, 0) } as const
  const warmup = createSchedule(first, random.fork("warm-up"))
  const measured = createSchedule(plan.arrivals, random.fork("arrivals"))
  let warm = warmupMs > 0
  return () => {
    if (warm) {
      const at = warmup()
      if (at < warmupMs) return at
      warm = false
    }
    return warmupMs + measured()
  }
}
