export interface Server {
  /** What the load balancer is told when it asks next. */
  setReady(ready: boolean): void
  /** From now on connections are refused. Requests that run go on. */
  stopListening(): void
  /** Resolves as soon as no request is running. */
  whenIdle(): Promise<void>
  /** Cuts off every request that is running. */
  abortRequests(): void
  /** Writes the predictions that the log holds in memory. */
  flushLog(): Promise<void>
  /** A request that ends without the model fails. */
  releaseModel(): Promise<void>
}

export interface Times {
  /** How long to go on serving after the signal. */
  drainMs: number
  /** When requests are cut off, counted from the signal too. Longer than drainMs. */
  deadlineMs: number
}

export interface Clock {
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  after(ms: number, callback: () => void): () => void
}

export type Ending = "clean" | "cut"

/** Ends a server without losing a request or a line of its log, if there is time enough. */
export const createShutdown = (server: Server, times: Times, clock: Clock): (() => Promise<Ending>) => {
  return () =>
    new Promise(resolve => {
      server.stopListening()
      clock.after(times.deadlineMs, () => resolve("cut"))
    })
}
