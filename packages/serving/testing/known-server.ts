/**
 * A server of known behaviour in a process of its own: started with `fork`, it sends { port, … } and later { stall } by
 * message. Argument: a KnownServer as JSON.
 */
import { once } from "node:events"
import { createServer, type Socket } from "node:net"

export interface KnownServer {
  /** From the request's arrival to its answer. */
  delayMs?: number
  /** From the first request on; then for `stallMs` nothing is answered. */
  stallAfterMs?: number
  stallMs?: number
  /** Every n-th answer is a 503, closes its connection, breaks off, never comes, or is no HTTP. */
  every?: { kind: "status" | "close" | "reset" | "silent" | "garbage"; of: number }
}

const { delayMs = 0, stallAfterMs, stallMs = 0, every } = JSON.parse(process.argv[2] ?? "{}") as KnownServer
const good = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
const bad = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
const closing = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
let requests = 0
let stalledUntil = 0
const held: Socket[] = []

const answer = (socket: Socket): void => {
  if (performance.now() < stalledUntil) {
    held.push(socket)
    return
  }
  const odd = every !== undefined && ++requests % every.of === 0 ? every.kind : undefined
  if (odd === "status") socket.write(bad)
  else if (odd === "close") socket.end(closing)
  else if (odd === "reset") socket.resetAndDestroy()
  else if (odd === "garbage") socket.write("what?\r\n\r\n")
  else if (odd !== "silent") socket.write(good)
}

let started = false
const begin = (): void => {
  started = true
  if (stallAfterMs === undefined) return
  setTimeout(() => {
    const from = performance.now()
    stalledUntil = from + stallMs
    setTimeout(() => {
      stalledUntil = 0
      for (const socket of held.splice(0)) answer(socket)
      process.send?.({ stall: { ms: performance.now() - from } })
    }, stallMs)
  }, stallAfterMs)
}

const handle = (socket: Socket): void => {
  if (!started) begin()
  if (delayMs > 0) setTimeout(answer, delayMs, socket)
  else answer(socket)
}

const server = createServer({ noDelay: true }, socket => {
  let text = ""
  socket.on("error", () => undefined)
  socket.on("data", piece => {
    // The common case at high rates: a whole request without a body, in one piece.
    if (text === "" && piece[0] === 0x47 && piece.indexOf("\r\n\r\n") === piece.length - 4) {
      handle(socket)
      return
    }
    text += piece.toString("latin1")
    const head = text.indexOf("\r\n\r\n")
    if (head < 0) return
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    if (text.length < head + 4 + length) return
    text = text.slice(head + 4 + length)
    handle(socket)
  })
})
server.listen(0, "127.0.0.1")
await once(server, "listening")
process.send!({ port: (server.address() as { port: number }).port })
process.once("disconnect", () => process.exit())
