export interface Server {
  setReady(ready: boolean): void
  stopListening(): void
  whenIdle(): Promise<void>
  abortRequests(): void
  flushLog(): Promise<void>
  releaseModel(): Promise<void>
}

export interface Times {
  drainMs: number
  deadlineMs: number
}

export interface Clock {
  after(ms: number, callback: () => void): () => void
}

export type Ending = "clean" | "cut"

/** Ends a server without losing a request or a line of its log, if there is time enough. */
export const createShutdown = (
  server: Server,
  { drainMs, deadlineMs }: Times,
  clock: Clock,
): (() => Promise<Ending>) => {
  const shutDown = async (): Promise<Ending> => {
    server.setReady(false)
    const deadline = new Promise<"cut">(resolve => {
      clock.after(deadlineMs, () => resolve("cut"))
    })
    await new Promise<void>(resolve => {
      clock.after(drainMs, resolve)
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
