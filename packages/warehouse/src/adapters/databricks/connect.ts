import { retry, sleep, throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { isBusy, neverBegan, type Place, statementError, transferError, transportError } from "./errors.ts"
import { type Answer, type Driver, statusCode } from "./wire.ts"

export interface Timeouts {
  /** For one answer of the warehouse. */
  readonly answerMs: number
  /** For a stopped warehouse to start, or a busy one (429, 503) to take a call. */
  readonly startMs: number
  /** For a whole statement, waiting in the warehouse's queue included. */
  readonly statementMs: number
}

export interface Address extends Place {
  readonly port: number
  readonly token: string
}

/**
 * "repeatable" calls change nothing by being sent twice and are repeated after any passing failure; "once" calls
 * (statements, fetches) only when the warehouse did not begin them; "never" is for the tidying up afterwards.
 */
export type Repetition = "repeatable" | "once" | "never"

export interface CallOptions<Reply> {
  readonly repeat: Repetition
  /** Stops the waiting, not the warehouse: that is for the caller, who gets an answer that comes `late`. */
  readonly signal?: AbortSignal
  readonly late?: (reply: Reply) => void
}

/** One client of the warehouse. HTTP connections are kept and shared by all calls. */
export interface Connection {
  readonly place: Place
  readonly timeouts: Timeouts
  /** Calls the warehouse; throws coded errors only, never waits longer than the deadline. */
  call<Reply extends Answer>(
    ask: (driver: Driver) => Promise<Reply>,
    options: CallOptions<Reply>,
  ): Promise<Reply>
  /** Runs `PUT`, `GET` or `REMOVE` of volume files, which the client carries out on this machine. */
  transfer(statement: string, localFolder: string): Promise<void>
  close(): Promise<void>
}

export const connect = async (address: Address, timeouts: Timeouts): Promise<Connection> => {
  const { DBSQLClient } = (await import("@databricks/sql")).default
  // A logger of our own: the client's default one (winston) takes over the process's uncaught exceptions.
  const client = new DBSQLClient({ logger: { log: () => undefined } })
  await client.connect({
    host: address.host,
    port: address.port,
    path: address.httpPath,
    token: address.token,
    socketTimeout: timeouts.answerMs,
    telemetryEnabled: false,
    userAgentEntry: "ai-engineer-roadmap",
  })
  const provider = await client.getConnectionProvider()
  // The client's own retries hide the reason of a failure; `call` repeats what is safe.
  const once: Awaited<ReturnType<typeof provider.getRetryPolicy>> = {
    shouldRetry: async () => ({ shouldRetry: false }),
    invokeWithRetry: operation => operation(),
  }
  provider.getRetryPolicy = async () => once
  await refuseWebPages(provider)
  const driver = (await client.getDriver()) as unknown as Driver

  const attempt = async <Reply extends Answer>(
    ask: (driver: Driver) => Promise<Reply>,
    { repeat, signal, late }: CallOptions<Reply>,
  ): Promise<Reply> => {
    const reply = await answerInTime(ask(driver), { timeoutMs: timeouts.answerMs, signal, late }).catch(
      (error: unknown) => {
        const coded = transportError(error, address)
        // What took its whole time once would take it again.
        const repeated = coded.code !== "TIMEOUT" && (repeat === "repeatable" || neverBegan(coded))
        throw repeated ? coded : notToRepeat(coded)
      },
    )
    const { statusCode: status } = reply.status
    if (status === statusCode.error || status === statusCode.invalidHandle) throw statementError(reply.status)
    return reply
  }

  const call: Connection["call"] = async (ask, options) => {
    const began = performance.now()
    if (options.repeat === "never") return attempt(ask, options)
    for (let pause = 500; ; pause = Math.min(10_000, pause * 2))
      try {
        return await retry(() => attempt(ask, options), { attempts: 4, baseMs: 250, signal: options.signal })
      } catch (error) {
        const busy = error instanceof RoadmapError && isBusy(error)
        if (!busy || performance.now() - began > timeouts.startMs) throw error
        await sleep(pause, options.signal)
      }
  }

  return {
    place: address,
    timeouts,
    call,
    async transfer(statement, localFolder) {
      try {
        const session = await client.openSession()
        try {
          await session.executeStatement(statement, { stagingAllowedLocalPath: [localFolder] })
        } finally {
          await session.close()
        }
      } catch (error) {
        throw transferError(error, address)
      }
    },
    async close() {
      await client.close().catch(() => undefined)
      const agent = await provider.getAgent()
      agent?.destroy()
    },
  }
}

/**
 * Makes the client's Thrift protocol strict: else it takes the first letters of a web page for the length of a text and
 * waits for the rest of it.
 */
const refuseWebPages = async (provider: { getThriftConnection(): Promise<unknown> }): Promise<void> => {
  type ProtocolType = new (transport: unknown, strictRead?: boolean, strictWrite?: boolean) => object
  const thrift = (await provider.getThriftConnection()) as { protocol: ProtocolType }
  const Protocol = thrift.protocol
  thrift.protocol = function strict(transport: unknown) {
    return new Protocol(transport, true, true)
  } as unknown as ProtocolType
}

/**
 * The answer, or TIMEOUT, or INTERRUPTED. The client itself would wait for ever for the rest of an answer that was cut
 * off: it takes the cut for a message that is still to come.
 */
const answerInTime = <Reply>(
  answer: Promise<Reply>,
  { timeoutMs, signal, late }: { timeoutMs: number; signal?: AbortSignal; late?: (reply: Reply) => void },
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    let waiting = true
    const leave = () => {
      waiting = false
      clearTimeout(timer)
      signal?.removeEventListener("abort", onAbort)
    }
    const onAbort = () => {
      leave()
      reject(abortOf(signal))
    }
    const timer = setTimeout(() => {
      leave()
      reject(
        new RoadmapError("TIMEOUT", `The warehouse gave no answer in ${timeoutMs / 1_000} seconds.`, {
          hint: "Run the same command again.",
          retryable: true,
        }),
      )
    }, timeoutMs)
    if (signal?.aborted) onAbort()
    else signal?.addEventListener("abort", onAbort, { once: true })
    answer.then(
      reply => {
        if (!waiting) return late?.(reply)
        leave()
        resolve(reply)
      },
      (error: unknown) => {
        if (!waiting) return
        leave()
        reject(error)
      },
    )
  })

const abortOf = (signal: AbortSignal | undefined): unknown => {
  try {
    throwIfAborted(signal)
  } catch (error) {
    return error
  }
  return new RoadmapError("INTERRUPTED", "Interrupted.")
}

/** The same failure, no more marked as safe to repeat: the warehouse may have done what it was asked. */
const notToRepeat = (error: RoadmapError): RoadmapError =>
  error.retryable
    ? new RoadmapError(error.code, error.message, { hint: error.hint, cause: error.cause })
    : error
