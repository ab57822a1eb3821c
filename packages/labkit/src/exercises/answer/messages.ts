import type { Fault } from "../check.ts"

/** What the checker asks of the answer's process. All of it is structured-clone data. */
export type Request = { id: number } & (
  | {
      type: "load"
      /** URL of the learner's file. */
      url: string
      /** Name of its export. */
      answer: string
      /** URL of the exercise's harness, if it has one. */
      harness?: string
      /** Specifiers that the answer may import, and the URL from which they are resolved. */
      imports: readonly string[]
      resolveFrom: string
    }
  | { type: "call"; args: readonly unknown[] }
)

/** `id` is that of the request: what an answer does too late is no reply to the next one. */
export type Reply = { id: number } & (
  | { type: "ready" }
  | { type: "fault"; fault: RawFault; printed: readonly string[] }
  | {
      type: "output"
      output: unknown
      /** The arguments after the call. */
      args: readonly unknown[]
      reads: readonly number[]
      printed: readonly string[]
    }
)

/** A fault as the answer's process saw it; the checker finds the line in the stack. */
export interface RawFault {
  kind: Fault["kind"]
  message: string
  stack: string
  /** Of a syntax error: the file as JavaScript, line for line. */
  source?: string
}
