import { type ChildProcess, fork } from "node:child_process"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import type { EndpointMessage, StartMessage } from "./endpoint-process.ts"

export interface EndpointProcess {
  /** Works with the endpoint's URL; the process is not stopped before it is done. */
  using<T>(work: (url: string) => Promise<T>): Promise<T>
  /** Why the process ended by itself. */
  ended(): string | undefined
  /** Waits for those who use it, then for the process to finish what it has begun. */
  stop(): Promise<void>
}

/** Milliseconds after which a process that does not end is killed. */
const stopMs = 15_000

/** Starts a process and waits until it answers. Throws what its start threw, or START_FAILED. */
export const startEndpoint = async (message: StartMessage): Promise<EndpointProcess> => {
  const child = fork(new URL("./endpoint-process.ts", import.meta.url), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: [],
  })
  const url = await firstAnswer(child, message)
  const exited = new Promise<void>(resolve => {
    child.once("exit", () => resolve())
  })
  let stopping: Promise<void> | undefined
  let users = 0
  let leave = () => {}

  const stop = async (): Promise<void> => {
    if (users > 0)
      await new Promise<void>(resolve => {
        leave = resolve
      })
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill("SIGTERM")
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs)
    await exited
    clearTimeout(timer)
  }
  return {
    async using(work) {
      users++
      try {
        return await work(url)
      } finally {
        if (--users === 0) leave()
      }
    },
    ended: () =>
      stopping === undefined && (child.exitCode !== null || child.signalCode !== null)
        ? `Its process ended (${child.signalCode ?? `exit code ${child.exitCode}`}).`
        : undefined,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

const firstAnswer = async (child: ChildProcess, message: StartMessage): Promise<string> => {
  const answer = await new Promise<EndpointMessage>(resolve => {
    child.once("message", (told: EndpointMessage) => resolve(told))
    const failed = (why: string) =>
      resolve({ error: { code: "START_FAILED", message: `The endpoint's process ${why}.` } })
    child.once("error", ({ message }) => failed(`could not be started: ${message}`))
    child.once("exit", (code, signal) =>
      failed(`ended before it answered (${signal ?? `exit code ${code}`})`),
    )
    child.send(message, error => {
      if (error) failed(`took no message: ${error.message}`)
    })
  })
  if ("url" in answer) return answer.url
  child.kill("SIGTERM")
  const { code, message: text, hint } = answer.error
  throw new RoadmapError(code as ErrorCode, text, { hint })
}
