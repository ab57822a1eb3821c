import { fork } from "node:child_process"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import type { Deployment, Reply, Request, Usage } from "./messages.ts"

/** A running server in a process of its own, so that its processor time is its own. */
export interface ServerProcess {
  /** http://127.0.0.1:PORT */
  readonly url: string
  usage(): Promise<Usage>
  /** Looks at the aliases now, instead of at the next interval. */
  reload(): Promise<void>
  /** Drains, flushes the prediction log, and ends the process. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** For a server that is asked too much on purpose: each refusal would be a line of its log. */
export const quiet = (config: Config): Config => ({ ...config, logLevel: "fatal" })

type Asked = Request extends infer R ? (R extends { id: number } ? Omit<R, "id"> : never) : never

/** How long a closing server may take before it is killed. */
const closeMs = 60_000

/** Starts the deployment. Throws what the server throws when it starts, and SERVICE_FAILED when its process dies. */
export const startServerProcess = async (
  deployment: Deployment,
  signal?: AbortSignal,
): Promise<ServerProcess> => {
  const child = fork(new URL("./child.ts", import.meta.url), [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  const waiting = new Map<number, { resolve(reply: Reply): void; reject(error: Error): void }>()
  let asked = 0
  const exited = new Promise<void>(resolve => child.once("exit", () => resolve()))
  const died = () => {
    const error = new RoadmapError("SERVICE_FAILED", "The server's process ended by itself.", {
      hint: "Its log is on standard error, just before this.",
    })
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  child.once("exit", died)
  child.once("error", died)
  child.on("message", (reply: Reply) => {
    const one = waiting.get(reply.id)
    waiting.delete(reply.id)
    if (reply.type === "failed")
      one?.reject(new RoadmapError(reply.code, reply.message, { hint: reply.hint }))
    else one?.resolve(reply)
  })
  const ask = (request: Asked): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const id = asked++
      waiting.set(id, { resolve, reject })
      child.send({ id, ...request })
    })
  const kill = () => child.kill("SIGKILL")
  signal?.addEventListener("abort", kill, { once: true })

  const close = async (): Promise<void> => {
    signal?.removeEventListener("abort", kill)
    if (child.exitCode !== null || child.signalCode !== null) return
    const timer = setTimeout(kill, closeMs)
    try {
      await ask({ type: "close" })
      await exited
    } finally {
      clearTimeout(timer)
      kill()
      await exited
    }
  }
  let closing: Promise<void> | undefined
  const closeOnce = (): Promise<void> => {
    closing ??= close()
    return closing
  }

  try {
    const started = await ask({ type: "start", deployment })
    if (started.type !== "started") throw new Error(`The server answered its start with ${started.type}.`)
    return {
      url: started.url,
      async usage() {
        const reply = await ask({ type: "usage" })
        if (reply.type !== "usage") throw new Error(`The server answered with ${reply.type}.`)
        return { cpuSeconds: reply.cpuSeconds, residentBytes: reply.residentBytes }
      },
      async reload() {
        await ask({ type: "reload" })
      },
      close: closeOnce,
      // After a close that failed there is nothing to add: it was reported.
      [Symbol.asyncDispose]: async () => {
        if (!closing) await closeOnce()
      },
    }
  } catch (error) {
    signal?.removeEventListener("abort", kill)
    kill()
    await exited
    throw error
  }
}
