import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import type { Arrivals } from "./arrivals.ts"

export interface LoadOptions {
  /** http or https, with the path: http://127.0.0.1:5001/invocations. */
  url: string
  arrivals: Arrivals
  /** How long requests are measured, after the warm-up. */
  seconds: number
  /** Requests at the first rate before that, which count for nothing. Default 1. */
  warmupSeconds?: number
  /** Kept connections, each with one request at a time. Default 64. */
  connections?: number
  /** Default: POST with bodies, GET without. */
  method?: string
  headers?: Readonly<Record<string, string>>
  /** Sent in turn, the first again after the last. */
  bodies?: readonly string[]
  /** A request that takes longer, or waits longer for a connection, has failed. Default 10,000. */
  timeoutMs?: number
  /** Of Poisson arrivals. Default 0. */
  seed?: number
  /** Certificates (PEM) to trust for https. Default: the system's. */
  ca?: string
}

/** The options with their defaults: plain data that a thread can be given. */
export type LoadPlan = Required<Omit<LoadOptions, "ca">> & Pick<LoadOptions, "ca">

const rate = z.number().positive().max(1_000_000)
const seconds = z.number().positive().max(86_400)
const spacing = z.enum(["constant", "poisson"]).optional()

const schema = z.object({
  url: z.url({ protocol: /^https?$/, error: "an http(s) URL" }),
  arrivals: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("constant"), rate }),
    z.object({ kind: z.literal("poisson"), rate }),
    z.object({ kind: z.literal("step"), rates: z.array(rate).min(1), stepSeconds: seconds, spacing }),
    z.object({
      kind: z.literal("spike"),
      rate,
      peak: rate,
      atSeconds: z.number().min(0),
      forSeconds: seconds,
      spacing,
    }),
  ]),
  seconds,
  warmupSeconds: z.number().min(0).max(3_600).default(1),
  connections: z.int().min(1).max(4_096).default(64),
  method: z
    .string()
    .regex(/^[A-Z]{3,10}$/, "a method such as POST")
    .refine(method => method !== "HEAD" && method !== "CONNECT", "a method whose answers have bodies")
    .optional(),
  headers: z
    .record(
      z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "a header's name"),
      z.string().regex(/^[^\r\n\0]*$/, "one line"),
    )
    .default({}),
  bodies: z.array(z.string()).default([]),
  timeoutMs: z.number().min(1).max(3_600_000).default(10_000),
  seed: z.int().default(0),
  ca: z.string().optional(),
})

/** Checks the options and fills in the defaults. Throws INVALID_INPUT that names every wrong one. */
export const planLoad = (options: LoadOptions): LoadPlan => {
  const parsed = schema.safeParse(options)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      issue => `${issue.path.join(".") || "options"}: ${issue.message}`,
    )
    throw new RoadmapError("INVALID_INPUT", `The load cannot be run: ${problems.join("; ")}.`, {
      hint: 'For example { url, arrivals: { kind: "poisson", rate: 500 }, seconds: 30 }.',
    })
  }
  const { method, ...plan } = parsed.data
  return { ...plan, method: method ?? (plan.bodies.length > 0 ? "POST" : "GET") }
}
