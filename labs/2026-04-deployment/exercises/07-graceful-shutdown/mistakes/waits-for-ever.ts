// mistake: waits-for-ever
import type { Clock, Ending, Server, Times } from "../solution.ts"

export const createShutdown = (server: Server, { drainMs }: Times, clock: Clock): (() => Promise<Ending>) => {
  const shutDown = async (): Promise<Ending> => {
    server.setReady(false)
    await new Promise<void>(resolve => {
      clock.after(drainMs, resolve)
    })
    server.stopListening()
    await server.whenIdle()
    await server.flushLog()
    await server.releaseModel()
    return "clean"
  }

  let running: Promise<Ending> | undefined
  return () => {
    running ??= shutDown()
    return running
  }
}
