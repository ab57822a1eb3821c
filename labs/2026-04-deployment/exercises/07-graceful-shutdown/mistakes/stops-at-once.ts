// mistake: stops-at-once
import type { Clock, Ending, Server, Times } from "../solution.ts"

export const createShutdown = (
  server: Server,
  { deadlineMs }: Times,
  clock: Clock,
): (() => Promise<Ending>) => {
  const shutDown = async (): Promise<Ending> => {
    server.setReady(false)
    const deadline = new Promise<"cut">(resolve => {
      clock.after(deadlineMs, () => resolve("cut"))
    })
    server.stopListening()
    const ending = await Promise.race([server.whenIdle().then(() => "clean" as const), deadline])
    if (ending === "cut") server.abortRequests()
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
