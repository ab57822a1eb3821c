/**
 * A program: `node socket-forward.ts <socket file> <port>`. Started inside a network namespace, it listens on a socket
 * file, which all namespaces see, and forwards each connection to a port of the namespace's own 127.0.0.1. Whoever may
 * open the file's folder may connect.
 */
import { rmSync } from "node:fs"
import { connect, createServer, type Socket } from "node:net"

const [path, port] = process.argv.slice(2)

const server = createServer({ allowHalfOpen: true }, client => {
  const upstream = connect({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true })
  join(client, upstream)
  join(upstream, client)
})

/** A broken or refused side closes the other; what went wrong is for the two ends to say. */
const join = (from: Socket, to: Socket): void => {
  from.pipe(to)
  from.once("error", () => to.destroy())
  from.once("close", () => to.destroySoon())
}

rmSync(path, { force: true })
server.listen(path)
