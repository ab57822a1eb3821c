import { readFileSync } from "node:fs"
import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import { featureNames } from "./features.ts"

const weightsSchema = z.strictObject({
  /** Score = sum of weight times feature, by the feature's name. */
  weights: z.record(z.string(), z.number()),
  /** What it was fitted on. */
  fitted: z.strictObject({ questions: z.number().int(), penalty: z.number() }),
})

const fileSchema = z.strictObject({
  lexical: weightsSchema.optional(),
  dense: weightsSchema.optional(),
  hybrid: weightsSchema.optional(),
})

export type RerankWeights = z.infer<typeof weightsSchema>
export type RerankWeightsFile = z.infer<typeof fileSchema>

/** The committed weights: written by a fit, never by hand. */
export const weightsPath = new URL("./weights.json", import.meta.url)

/** The committed weights of a mode of retrieval; undefined where none were fitted. Throws STATE_CORRUPT. */
export const rerankWeights = (mode: keyof RerankWeightsFile): RerankWeights | undefined => {
  const parsed = fileSchema.safeParse(JSON.parse(readFileSync(weightsPath, "utf8")))
  const known: readonly string[] = featureNames
  const unknown = Object.keys(parsed.data?.[mode]?.weights ?? {}).filter(name => !known.includes(name))
  if (!parsed.success || unknown.length > 0)
    throw new RoadmapError(
      "STATE_CORRUPT",
      `${weightsPath.pathname} does not fit this program: ${parsed.error?.message ?? `unknown features ${unknown.join(", ")}`}`,
      { hint: "Fit the reranker again." },
    )
  return parsed.data[mode]
}
