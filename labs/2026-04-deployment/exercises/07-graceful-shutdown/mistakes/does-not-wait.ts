// mistake: does-not-wait
import type { Clock, Ending, Server, Times } from "../solution.ts"

export const createShutdown = (server: Server, { drainMs }: Times, clock: Clock): (() => Promise<Ending>) => {
  const shutDown = async (): Promise<Ending> => {
    server.setReady(false)
    await new Promise<void>(resolve => {
      clock.after(drainMs, resolve)
    })
    server.stopListening()
    const ending = "clean"
    await server.flushLog()
    await server.releaseModel()
    return ending
  }

  let running: Promise<Ending> | undefined
  return () => {
    running ??= shutDown()
    return running
  }
}
