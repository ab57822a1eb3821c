import { throwIfAborted } from "@roadmap/core/async"
import { type ErrorCode, RoadmapError } from "@roadmap/core/errors"
import type { DataframeSplit } from "@roadmap/model-registry/signature"
import { z } from "zod"
import type { QueryOptions } from "../port.ts"

const answerSchema = z.object({ predictions: z.array(z.unknown()) })
const errorSchema = z.object({ error_code: z.string(), message: z.string() })

/** Asks the scoring server of an endpoint. */
export const ask = async (
  url: string,
  name: string,
  rows: DataframeSplit,
  { timeoutMs = 30_000, signal }: QueryOptions = {},
): Promise<{ predictions: unknown[]; served: string | undefined }> => {
  const late = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(`${url}/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ dataframe_split: rows }),
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
    const json: unknown = await response.json()
    if (response.ok)
      return {
        predictions: answerSchema.parse(json).predictions,
        served: response.headers.get("x-served-model") ?? undefined,
      }
    const { error_code, message } = errorSchema.parse(json)
    throw new RoadmapError(codeOf(response.status), `Endpoint ${name} (${error_code}): ${message}`, {
      retryable: response.status === 503 || response.status === 429,
    })
  } catch (error) {
    if (error instanceof RoadmapError) throw error
    throwIfAborted(signal)
    if (late.aborted)
      throw new RoadmapError("TIMEOUT", `Endpoint ${name} did not answer within ${timeoutMs / 1000} s.`, {
        hint: "Send fewer rows, or allow more time.",
        retryable: true,
      })
    throw new RoadmapError("UNREACHABLE", `Endpoint ${name} gave no answer.`, {
      hint: "Look at its state.",
      retryable: true,
      cause: error,
    })
  }
}

const codeOf = (status: number): ErrorCode =>
  status === 429
    ? "RATE_LIMITED"
    : status === 503
      ? "OVERLOADED"
      : status === 504
        ? "TIMEOUT"
        : status >= 500
          ? "SERVICE_FAILED"
          : "INVALID_INPUT"
