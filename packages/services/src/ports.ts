import { createServer } from "node:net"
import { RoadmapError } from "@roadmap/core/errors"

/**
 * A free port of 127.0.0.1. A `wanted` one must be free: START_FAILED when it is not. A `last` one is taken again when
 * it is, so that the variables of a service stay the same over a restart.
 */
export const freePort = async (choice: { wanted?: number; last?: number } = {}): Promise<number> => {
  if (choice.wanted !== undefined) {
    const port = await tryListen(choice.wanted)
    if (port !== undefined) return port
    throw new RoadmapError("START_FAILED", `Port ${choice.wanted} of 127.0.0.1 is taken.`, {
      hint: "Stop the program that listens there, or leave the choice of the port to the service.",
    })
  }
  const port = (choice.last !== undefined && (await tryListen(choice.last))) || (await tryListen(0))
  if (port) return port
  throw new RoadmapError("START_FAILED", "127.0.0.1 has no free port.")
}

const tryListen = (port: number): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" || error.code === "EACCES" ? resolve(undefined) : reject(error),
    )
    server.listen(port, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === "object" ? address.port : undefined))
    })
  })
