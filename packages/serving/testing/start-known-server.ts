import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import type { KnownServer } from "./known-server.ts"

export interface StartedKnownServer extends AsyncDisposable {
  readonly url: string
  readonly child: ChildProcess
  /** Milliseconds that the stall really took, once it is over. */
  stalledMs(): number | undefined
  stop(): Promise<void>
}

/** Starts a server of known behaviour; disposing ends it. */
export const startKnownServer = async (behaviour: KnownServer = {}): Promise<StartedKnownServer> => {
  const child = fork(new URL("./known-server.ts", import.meta.url), [JSON.stringify(behaviour)])
  const [{ port }] = (await once(child, "message")) as [{ port: number }]
  let stalled: number | undefined
  child.on("message", (message: { stall?: { ms: number } }) => {
    stalled = message.stall?.ms ?? stalled
  })
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill("SIGKILL")
    await once(child, "exit")
  }
  return {
    url: `http://127.0.0.1:${port}/score`,
    child,
    stalledMs: () => stalled,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
