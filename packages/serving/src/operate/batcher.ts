import { RoadmapError } from "@roadmap/core/errors"
import type { Features } from "@roadmap/ml/features"
import type { Predictions } from "../model/served.ts"
import { estimateCost } from "./cost.ts"
import { joinFeatures, splitPredictions } from "./join.ts"
import { type BatchedCall, createWaitingLine, throwIfUnwanted, type Waiting } from "./waiting.ts"
import type { ScoringPool } from "./workers.ts"

export interface BatcherOptions {
  /** What scores; `folder` is its directory, for the pool's threads. */
  model: { readonly folder: string; predict(features: Features): Predictions | Promise<Predictions> }
  /** Threads for calls that take long. Without them every call runs on the event loop. */
  pool?: ScoringPool
  /** Requests are joined up to this many rows; one with more goes alone. Default 512. */
  maxRows?: number
  /**
   * Milliseconds that a request may wait for company after another was scored. Default 0: the rest of the event
   * loop's turn.
   */
  maxDelayMs?: number
  /** Calls that are expected to take longer leave the event loop. Milliseconds, default 10. */
  longMs?: number
  /** Rows that may wait for a thread; more are refused with OVERLOADED. Default 100,000. */
  maxWaitingRows?: number
  /** Called after each call of the model: its rows, the requests joined in it, and its milliseconds. */
  onBatch?: (batch: { rows: number; requests: number; ms: number }) => void
}

export interface Batcher {
  /**
   * The predictions of these rows: at once, or a promise of them when they wait for company or for a thread. Throws
   * or rejects with what the model throws, TIMEOUT (the deadline passed first), OVERLOADED, INTERRUPTED.
   */
  predict(features: Features, call?: BatchedCall): Predictions | Promise<Predictions>
  /** Rows that wait now. */
  waitingRows(): number
}

/**
 * What a call of few rows must take for requests to wait for each other. Joining costs about 0.6 microseconds a
 * request of 12 columns (measured), but also puts the answers off to the end of the turn: a model this quick has no
 * fixed cost to share.
 */
const worthJoiningMs = 0.03

/**
 * Scores small requests on the event loop, at once when nothing waits. Costly ones that arrive together are joined into
 * one call of the model; long ones go to a thread, and what arrives while all threads are busy goes along with the
 * next call (adaptive batching: Crankshaw et al., "Clipper", NSDI 2017).
 */
export const createBatcher = (options: BatcherOptions): Batcher => {
  const { model, pool, maxRows = 512, maxDelayMs = 0, longMs = 10, maxWaitingRows = 100_000 } = options
  const cost = estimateCost()
  const here = createWaitingLine(false)
  const away = createWaitingLine(true)
  let justScored = false
  let flushing = false
  let inThreadsLine = false
  /** An ONNX model has threads of its own. It gets one call at a time, so that the others join. */
  let answersLater = false
  let lastCall: Promise<unknown> = Promise.resolve()

  const measured = (rows: number, requests: number, ms: number): void => {
    cost.record(rows, ms)
    options.onBatch?.({ rows, requests, ms })
  }
  const scoreHere = (features: Features, requests: number): Predictions | Promise<Predictions> => {
    const started = performance.now()
    const predictions = model.predict(features)
    if (!(predictions instanceof Promise)) {
      measured(features.rows, requests, performance.now() - started)
      return predictions
    }
    answersLater = true
    return predictions.then(answer => {
      measured(features.rows, requests, performance.now() - started)
      return answer
    })
  }

  const scoreAway = async (choose: () => Waiting[]): Promise<void> => {
    let taken: Waiting[] = []
    const take = (): Features | undefined => {
      taken = choose()
      return taken.length === 0 ? undefined : joinFeatures(taken.map(({ features }) => features))
    }
    const inTurn = async (): Promise<Predictions | undefined> => {
      const features = take()
      return features && scoreHere(features, taken.length)
    }
    const inThread = async (threads: ScoringPool): Promise<Predictions | undefined> => {
      const scored = await threads.score(model.folder, take)
      if (scored) measured(scored.predictions.rows, taken.length, scored.ms)
      return scored?.predictions
    }
    try {
      const call = pool && !answersLater ? inThread(pool) : lastCall.then(inTurn)
      lastCall = call.catch(() => undefined)
      const predictions = await call
      if (predictions) settle(taken, predictions)
    } catch (error) {
      // The rows of one request must not fail the others.
      if (taken.length > 1) for (const entry of taken) await scoreAway(() => [entry])
      else for (const entry of taken) entry.reject(error)
    }
  }
  /** One place in the threads' line at a time: what arrives before it is reached goes along. */
  const queueForThread = (): void => {
    if (inThreadsLine) return
    inThreadsLine = true
    void scoreAway(() => {
      inThreadsLine = false
      const taken = away.take(maxRows)
      if (away.rows() > 0) queueForThread()
      return taken
    })
  }

  const flushHere = (): void => {
    flushing = false
    for (let taken = here.take(maxRows); taken.length > 0; taken = here.take(maxRows)) {
      try {
        const features = joinFeatures(taken.map(entry => entry.features))
        // Joined calls are of models that were measured, which answer at once.
        settle(taken, scoreHere(features, taken.length) as Predictions)
      } catch {
        for (const entry of taken) scoreAlone(entry)
      }
    }
  }
  const scoreAlone = (entry: Waiting): void => {
    try {
      entry.resolve(scoreHere(entry.features, 1))
    } catch (error) {
      entry.reject(error)
    }
  }
  const later = (work: () => void): void => {
    if (maxDelayMs > 0) setTimeout(work, maxDelayMs)
    else setImmediate(work)
  }

  return {
    predict(features, call = {}) {
      throwIfUnwanted(call)
      const expected = cost.estimate(features.rows)
      const long = expected === undefined ? features.rows > 4 * maxRows : expected > longMs
      if (answersLater || (pool && long)) {
        if (away.rows() > 0 && away.rows() + features.rows > maxWaitingRows)
          throw overloaded(away.rows(), maxWaitingRows)
        const predictions = away.push(features, call)
        queueForThread()
        return predictions
      }
      const joins = expected !== undefined && expected > worthJoiningMs && features.rows < maxRows
      if (!joins) return scoreHere(features, 1)
      if (!justScored && here.rows() === 0) {
        justScored = true
        later(() => {
          justScored = false
        })
        return scoreHere(features, 1)
      }
      const predictions = here.push(features, call)
      if (here.rows() >= maxRows) flushHere()
      else if (!flushing) {
        flushing = true
        later(flushHere)
      }
      return predictions
    },
    waitingRows: () => here.rows() + away.rows(),
  }
}

const settle = (entries: readonly Waiting[], predictions: Predictions): void => {
  const shares = splitPredictions(
    predictions,
    entries.map(({ features }) => features),
  )
  for (let i = 0; i < entries.length; i++) entries[i].resolve(shares[i])
}

const overloaded = (rows: number, most: number) =>
  new RoadmapError("OVERLOADED", `${rows} rows wait for a thread already; at most ${most} may.`, {
    hint: "Try again later, or send fewer rows at once.",
    retryable: true,
  })
