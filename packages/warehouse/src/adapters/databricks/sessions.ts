import type { Connection } from "./connect.ts"
import { startStatement } from "./statement.ts"
import { protocolWithParameters, type SessionHandle } from "./wire.ts"

export interface Session {
  readonly handle: SessionHandle
  /** False for servers that would drop bound parameters. */
  readonly bindsParameters: boolean
  /** True once it has run a statement: the warehouse may have ended it since. */
  used: boolean
}

/** Idle sessions are used again: opening one costs two round trips. Not longer than this, for warehouses end them. */
const longestIdleMs = 5 * 60_000
const mostIdle = 4

export interface SessionPool {
  take(signal?: AbortSignal): Promise<Session>
  /** `reusable` false closes it. */
  give(session: Session, reusable: boolean): void
  close(): Promise<void>
}

export const sessionPool = (connection: Connection): SessionPool => {
  const idle: { session: Session; since: number }[] = []
  const closing = new Set<Promise<unknown>>()
  let closed = false

  const end = (session: Session): void => {
    // Best effort: the warehouse ends sessions that nobody uses.
    const ending: Promise<unknown> = connection
      .call(driver => driver.closeSession({ sessionHandle: session.handle }), { repeat: "never" })
      .catch(() => undefined)
      .finally(() => closing.delete(ending))
    closing.add(ending)
  }

  return {
    async take(signal) {
      for (let found = idle.pop(); found; found = idle.pop()) {
        if (performance.now() - found.since < longestIdleMs) return found.session
        end(found.session)
      }
      return open(connection, signal, end)
    },
    give(session, reusable) {
      session.used = true
      if (reusable && !closed && idle.length < mostIdle) idle.push({ session, since: performance.now() })
      else end(session)
    },
    async close() {
      closed = true
      for (const { session } of idle.splice(0)) end(session)
      await Promise.all(closing)
    },
  }
}

const open = async (
  connection: Connection,
  signal: AbortSignal | undefined,
  end: (session: Session) => void,
): Promise<Session> => {
  const sessionOf = (reply: {
    sessionHandle?: SessionHandle | null
    serverProtocolVersion: number
  }): Session => ({
    handle: reply.sessionHandle!,
    bindsParameters: reply.serverProtocolVersion >= protocolWithParameters,
    used: false,
  })
  const opened = await connection.call(
    driver =>
      driver.openSession({
        client_protocol_i64: protocolWithParameters,
        configuration: {},
        canUseMultipleCatalogs: true,
      }),
    { repeat: "repeatable", signal, late: reply => end(sessionOf(reply)) },
  )
  const session = sessionOf(opened)
  try {
    // The zone in which texts are read as timestamps, and hours are taken from them.
    const setting = await startStatement(connection, session, "SET TIME ZONE 'UTC'", { signal })
    await setting.close()
    return session
  } catch (error) {
    end(session)
    throw error
  }
}
