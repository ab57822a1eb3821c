import { Worker } from "node:worker_threads"
import { throwIfAborted } from "@roadmap/core/async"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import type { ModelPlace } from "./model.ts"
import type { Answer, Work, WorkerSetup } from "./worker.ts"

export interface Pool {
  /**
   * Runs the tasks of one call, as many at a time as there are workers. A call with less left goes first, so a question
   * waits for one task and not for a whole index. Throws WORKER_DIED, and INTERRUPTED when the signal aborts, as soon as
   * the tasks at work are done.
   */
  run(work: readonly Work[], signal?: AbortSignal): Promise<Answer[]>
  close(): Promise<void>
}

interface Call {
  waiting: { work: Work; at: number }[]
  answers: Answer[]
  left: number
  resolve: (answers: Answer[]) => void
  reject: (error: unknown) => void
}

interface Member {
  worker: Worker
  busy: { call: Call; at: number } | undefined
  /** 1 while the thread loads or works, 0 while it waits. */
  working: Int32Array<SharedArrayBuffer>
  /** Resolves when the task at work is done. */
  rest: PromiseWithResolvers<void>
}

/** The longest that the end of a process waits for a thread. */
const lastBatchMs = 5_000

/**
 * Workers with one copy of the model each. They start when there is work for them and keep no process alive. A process
 * that ends waits for the batch at work: a thread that is ended inside onnxruntime aborts the whole process instead.
 */
export const openPool = (place: ModelPlace, size: number): Pool => {
  const members: Member[] = []
  const calls = new Set<Call>()
  let closed = false

  const settle = (call: Call, end: () => void) => {
    if (!calls.delete(call)) return
    end()
  }
  const atRest = async (of: (call: Call) => boolean = () => true) => {
    const working = members.filter(({ busy }) => busy && of(busy.call))
    await Promise.all(working.map(({ rest }) => rest.promise))
  }
  const give = (member: Member, call: Call) => {
    const { work, at } = call.waiting.shift()!
    member.busy = { call, at }
    member.rest = Promise.withResolvers()
    Atomics.store(member.working, 0, 1)
    member.worker.ref()
    member.worker.postMessage(work)
  }
  const schedule = () => {
    for (;;) {
      const next = [...calls]
        .filter(call => call.waiting.length > 0)
        .sort((a, b) => a.waiting.length - b.waiting.length)[0]
      if (next === undefined) return
      const member =
        members.find(({ busy }) => busy === undefined) ?? (members.length < size ? start() : undefined)
      if (member === undefined) return
      give(member, next)
    }
  }
  const start = (): Member => {
    const working = new Int32Array(new SharedArrayBuffer(4))
    const workerData: WorkerSetup = { place, working }
    const member: Member = {
      worker: new Worker(new URL("./worker.ts", import.meta.url), { workerData }),
      busy: undefined,
      working,
      rest: Promise.withResolvers(),
    }
    member.worker.on("message", (answer: Answer) => {
      const { call, at } = member.busy!
      member.busy = undefined
      member.rest.resolve()
      member.worker.unref()
      if ("failure" in answer) {
        const { code, message, hint } = answer.failure
        settle(call, () => call.reject(new RoadmapError(code as ErrorCode, message, { hint })))
      } else {
        call.answers[at] = answer
        if (--call.left === 0) settle(call, () => call.resolve(call.answers))
      }
      schedule()
    })
    const died = (cause: unknown) => {
      const at = members.indexOf(member)
      if (at < 0) return
      members.splice(at, 1)
      const { busy } = member
      member.rest.resolve()
      if (busy)
        settle(busy.call, () =>
          busy.call.reject(
            new RoadmapError("WORKER_DIED", "The thread that embeds texts ended.", {
              retryable: true,
              cause,
            }),
          ),
        )
      if (!closed) schedule()
    }
    member.worker.on("error", died)
    member.worker.on("exit", () => died(undefined))
    members.push(member)
    return member
  }

  const onExit = () => {
    for (const { working } of members) Atomics.wait(working, 0, 1, lastBatchMs)
  }
  process.on("exit", onExit)

  return {
    async run(work, signal) {
      throwIfAborted(signal)
      if (closed) throw new RoadmapError("INVALID_INPUT", "This embedder is closed.")
      if (work.length === 0) return []
      const { promise, resolve, reject } = Promise.withResolvers<Answer[]>()
      const call: Call = {
        waiting: work.map((each, at) => ({ work: each, at })),
        answers: new Array(work.length),
        left: work.length,
        resolve,
        reject,
      }
      const onAbort = () => {
        if (!calls.delete(call)) return
        call.waiting = []
        atRest(busy => busy === call).then(() => reject(interruption(signal)))
      }
      signal?.addEventListener("abort", onAbort, { once: true })
      calls.add(call)
      schedule()
      try {
        return await promise
      } finally {
        signal?.removeEventListener("abort", onAbort)
      }
    },
    async close() {
      closed = true
      for (const call of calls)
        settle(call, () => call.reject(new RoadmapError("INTERRUPTED", "The embedder was closed.")))
      await atRest()
      process.off("exit", onExit)
      await Promise.all(members.splice(0).map(({ worker }) => worker.terminate()))
    },
  }
}

const interruption = (signal?: AbortSignal): unknown => {
  try {
    throwIfAborted(signal)
  } catch (error) {
    return error
  }
  return new RoadmapError("INTERRUPTED", "Interrupted.")
}
