import { parentPort, workerData } from "node:worker_threads"
import { toRoadmapError } from "@roadmap/core/errors"
import { generate, type LoadProgress } from "./generate.ts"
import type { Counts } from "./ledger.ts"
import type { LoadPlan } from "./options.ts"

/** What the generator's thread says: progress, then its counts or an error. */
export type GeneratorMessage =
  | { readonly progress: LoadProgress }
  | { readonly counts: Counts }
  | { readonly error: { readonly code: string; readonly message: string; readonly hint?: string } }

const say = (message: GeneratorMessage): void => parentPort!.postMessage(message)

try {
  say({ counts: await generate(workerData as LoadPlan, progress => say({ progress })) })
} catch (error) {
  const { code, message, hint } = toRoadmapError(error)
  say({ error: { code, message, hint } })
}
