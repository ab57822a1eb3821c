import { RoadmapError } from "@roadmap/core/errors"
import { type Connection, type Endpoint, openConnection } from "./connection.ts"
import type { Outcome } from "./dispatch.ts"

export interface PoolEvents {
  onReady(connection: number): void
  onOutcome(connection: number, outcome: Outcome, alive: boolean): void
  onLost(connection: number): void
  /** A connection could not be made, and none is open. */
  onNoConnection(): void
  onBytes(bytes: number): void
}

/** A fixed number of connections, each opened again when it is lost: at once, then with longer and longer pauses. */
export interface Pool {
  /** Waits until every connection is open. Throws UNREACHABLE when one is refused or takes longer than `withinMs`. */
  open(withinMs: number): Promise<void>
  send(connection: number, request: Buffer): void
  /** Closes this connection and opens another in its place. */
  replace(connection: number): void
  close(): void
}

const firstPauseMs = 20
const longestPauseMs = 1_000

export const createPool = (endpoint: Endpoint, size: number, events: PoolEvents): Pool => {
  const connections: Connection[] = []
  const refusals = new Uint32Array(size)
  const timers = new Set<NodeJS.Timeout>()
  let openCount = 0
  let closed = false

  const later = (index: number, ms: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      start(index)
    }, ms)
    timers.add(timer)
  }
  const start = (index: number, onFirst?: (error?: Error) => void): void => {
    if (closed) return
    const isOpen = (change: 1 | -1) => {
      openCount += change
    }
    let held = false
    const release = () => {
      if (held) isOpen(-1)
      held = false
    }
    const connection = openConnection(
      endpoint,
      {
        onOpen() {
          held = true
          isOpen(1)
          refusals[index] = 0
          onFirst?.()
          events.onReady(index)
        },
        onOutcome(outcome, alive) {
          if (!alive) release()
          events.onOutcome(index, outcome, alive)
          if (!alive) start(index)
        },
        onClosed() {
          release()
          events.onLost(index)
          start(index)
        },
        onRefused(error) {
          onFirst?.(error)
          if (openCount === 0) events.onNoConnection()
          later(index, Math.min(longestPauseMs, firstPauseMs * 2 ** refusals[index]++))
        },
      },
      events.onBytes,
    )
    connections[index] = {
      send: request => connection.send(request),
      close() {
        release()
        connection.close()
      },
    }
  }
  const close = (): void => {
    closed = true
    for (const timer of timers) clearTimeout(timer)
    for (const connection of connections) connection.close()
  }

  return {
    open: withinMs =>
      new Promise<void>((resolve, reject) => {
        let missing = size
        const refuse = (why: string) => {
          clearTimeout(deadline)
          close()
          const { host, port } = endpoint
          reject(
            new RoadmapError("UNREACHABLE", `No connection to ${host}:${port}: ${why}`, {
              hint: "Start the server first, or check the address.",
              retryable: true,
            }),
          )
        }
        const deadline = setTimeout(
          () => refuse(`${missing} of ${size} connections were not open after ${withinMs} ms.`),
          withinMs,
        )
        const opened = (error?: Error) => {
          if (error) return refuse(error.message)
          if (--missing > 0) return
          clearTimeout(deadline)
          resolve()
        }
        for (let index = 0; index < size; index++) start(index, opened)
      }),
    send: (index, request) => connections[index].send(request),
    replace(index) {
      connections[index].close()
      start(index)
    },
    close,
  }
}
