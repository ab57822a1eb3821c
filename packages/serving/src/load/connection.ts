import { connect, type OnReadOpts, type Socket } from "node:net"
import { connect as connectTls } from "node:tls"
import type { Outcome } from "./dispatch.ts"
import { createResponseReader } from "./response.ts"

export interface Endpoint {
  readonly host: string
  readonly port: number
  /** Present for https: the authorities' certificates (PEM), or undefined for those of the system. */
  readonly tls?: { readonly ca?: string }
}

export interface ConnectionEvents {
  onOpen(): void
  /** A whole answer, or the reason why there is none. `alive`: the connection can take the next request. */
  onOutcome(outcome: Outcome, alive: boolean): void
  /** It ended while no answer was due. */
  onClosed(): void
  onRefused(error: Error): void
}

/** One kept HTTP/1.1 connection with at most one request at a time. */
export interface Connection {
  send(request: Buffer): void
  close(): void
}

/** All connections of a thread read into one buffer: what is read is used up before the next is read. */
const shared = Buffer.allocUnsafe(64 * 1024)

/**
 * Opens a connection. Exactly one of `onOpen` and `onRefused` comes first; after `close()` nothing is reported. The
 * socket's own reading into a given buffer is used, not its stream: that and the missing HTTP client are what lets one
 * core send tens of thousands of requests a second.
 */
export const openConnection = (
  endpoint: Endpoint,
  events: ConnectionEvents,
  count: (bytes: number) => void,
): Connection => {
  const reader = createResponseReader()
  let state: "connecting" | "idle" | "busy" | "gone" = "connecting"

  const gone = (outcome?: Outcome, error?: Error): void => {
    const was = state
    state = "gone"
    socket.destroy()
    if (was === "busy") events.onOutcome(outcome ?? { failed: "reset" }, false)
    else if (was === "idle") events.onClosed()
    else if (was === "connecting") events.onRefused(error ?? new Error("It was closed at once."))
  }
  const answered = (): void => {
    const { status } = reader
    if (reader.keepAlive) {
      state = "idle"
      events.onOutcome({ status }, true)
    } else gone({ status })
  }
  const onread: OnReadOpts = {
    buffer: shared,
    callback(length: number) {
      count(length)
      if (state === "busy") {
        const progress = reader.read(shared, 0, length)
        if (progress === "done") answered()
        else if (progress === "broken") gone({ failed: "protocol" })
      } else if (state === "idle") gone()
      return true
    },
  }

  const { host, port, tls } = endpoint
  const socket: Socket =
    tls === undefined
      ? connect({ host, port, noDelay: true, onread })
      : connectTls({
          host,
          port,
          ca: tls.ca,
          servername: isAddress(host) ? undefined : host,
          onread,
        } as never)
  socket.once(tls === undefined ? "connect" : "secureConnect", () => {
    if (state !== "connecting") return
    socket.setNoDelay(true)
    state = "idle"
    events.onOpen()
  })
  socket.on("error", error => gone(undefined, error))
  socket.on("end", () => gone(state === "busy" && reader.end() ? { status: reader.status } : undefined))
  socket.on("close", () => gone())

  return {
    send(request) {
      state = "busy"
      socket.write(request)
    },
    close() {
      state = "gone"
      socket.destroy()
    },
  }
}

const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host)
