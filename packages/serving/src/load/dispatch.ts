import { createRing } from "./ring.ts"

/** What became of a request: an answer, or the way it failed. */
export type Outcome = { status: number } | { failed: Exclude<Failure, "status"> }

/**
 * `connect`: no connection could be made. `timeout`: sent, and no whole answer in time. `unsent`: no connection came
 * free in time. `status`: an answer outside 200 to 299. `reset`: the connection ended before the whole answer.
 * `protocol`: what came was no HTTP/1.1 answer.
 */
export type Failure = "connect" | "timeout" | "unsent" | "status" | "reset" | "protocol"

export const failures: readonly Failure[] = ["connect", "timeout", "unsent", "status", "reset", "protocol"]

/** One finished request. Times are milliseconds of the generator's clock. */
export interface Finished {
  /** When it was due. */
  readonly intended: number
  /** When it went out; NaN when it never did. */
  readonly sent: number
  readonly ended: number
  readonly outcome: Outcome
}

export interface DispatchOptions {
  connections: number
  timeoutMs: number
  /** Writes the next request to this connection. */
  send(connection: number): void
  /** Ends a connection whose answer did not come in time; it may be reported ready again later. */
  abandon(connection: number): void
  onFinished(finished: Finished): void
}

/**
 * Which request goes out when, over which connection: an open loop. An arrival takes the connection that has been idle
 * the longest, or waits its turn; nothing the server does changes when requests are due. It knows no sockets and no
 * clock: whoever drives it says what happened and when.
 */
export interface Dispatch {
  /** A request that was due at `intended`, handled at `now`. */
  arrive(intended: number, now: number): void
  /** The connection is open and idle. */
  ready(connection: number, now: number): void
  /** The connection's request is over; after `ready: false` the connection is gone until it is `ready` again. */
  finish(connection: number, now: number, outcome: Outcome, still: { ready: boolean }): void
  /** An idle connection was closed by the server. */
  lost(connection: number): void
  /** No connection can be made: every request that waits has failed. */
  refuse(now: number): void
  /** Times out what has taken too long. To be called a few times in each timeout. */
  expire(now: number): void
  /** Ends everything that is still open, as timed out. */
  giveUp(now: number): void
  readonly waiting: number
  readonly inFlight: number
}

export const createDispatch = (options: DispatchOptions): Dispatch => {
  const { connections, timeoutMs, send, abandon, onFinished } = options
  const waiting = createRing()
  const idle = createRing()
  const isIdle = new Uint8Array(connections)
  /** Of the request on each connection; NaN when there is none. */
  const intendedOf = new Float64Array(connections).fill(Number.NaN)
  const sentAt = new Float64Array(connections)
  let inFlight = 0

  const start = (connection: number, intended: number, now: number): void => {
    intendedOf[connection] = intended
    sentAt[connection] = now
    inFlight++
    send(connection)
  }

  /** The longest idle connection. Lost ones are still in the ring and skipped. */
  const takeIdle = (): number => {
    while (idle.length > 0) {
      const connection = idle.shift()
      if (isIdle[connection] === 1) {
        isIdle[connection] = 0
        return connection
      }
    }
    return -1
  }

  const neverSent = (now: number, failed: "connect" | "unsent"): void =>
    onFinished({ intended: waiting.shift(), sent: Number.NaN, ended: now, outcome: { failed } })

  const close = (connection: number, now: number, outcome: Outcome): void => {
    const intended = intendedOf[connection]
    intendedOf[connection] = Number.NaN
    inFlight--
    onFinished({ intended, sent: sentAt[connection], ended: now, outcome })
  }

  const ready = (connection: number, now: number): void => {
    if (waiting.length > 0) start(connection, waiting.shift(), now)
    else if (isIdle[connection] === 0) {
      isIdle[connection] = 1
      idle.push(connection)
    }
  }

  const timeOut = (connection: number, now: number): void => {
    close(connection, now, { failed: "timeout" })
    abandon(connection)
  }

  return {
    arrive(intended, now) {
      const connection = takeIdle()
      if (connection >= 0) start(connection, intended, now)
      else waiting.push(intended)
    },
    ready,
    finish(connection, now, outcome, still) {
      if (Number.isNaN(intendedOf[connection])) return
      close(connection, now, outcome)
      if (still.ready) ready(connection, now)
    },
    lost(connection) {
      isIdle[connection] = 0
    },
    refuse(now) {
      while (waiting.length > 0) neverSent(now, "connect")
    },
    expire(now) {
      while (waiting.length > 0 && now - waiting.first() >= timeoutMs) neverSent(now, "unsent")
      for (let connection = 0; connection < connections; connection++)
        if (now - sentAt[connection] >= timeoutMs && !Number.isNaN(intendedOf[connection]))
          timeOut(connection, now)
    },
    giveUp(now) {
      while (waiting.length > 0) neverSent(now, "unsent")
      for (let connection = 0; connection < connections; connection++)
        if (!Number.isNaN(intendedOf[connection])) timeOut(connection, now)
    },
    get waiting() {
      return waiting.length
    },
    get inFlight() {
      return inFlight
    },
  }
}
