import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { Engine } from "./engine.ts"
import { kafka } from "./engines/kafka.ts"
import { llm } from "./engines/llm.ts"
import { mlflow } from "./engines/mlflow.ts"
import { postgres } from "./engines/postgres.ts"
import { qdrant } from "./engines/qdrant.ts"
import { spark } from "./engines/spark.ts"

/** The engines that can be started, in the order in which they are. */
export const engines: readonly Engine[] = [mlflow, spark, postgres, kafka, llm, qdrant]

/** Throws UNKNOWN_NAME with the nearest name. */
export const findEngine = (name: string): Engine => {
  const engine = engines.find(each => each.name === name)
  if (engine !== undefined) return engine
  const names = engines.map(each => each.name)
  const near = nearest(name, names)
  throw new RoadmapError("UNKNOWN_NAME", `There is no service "${name}".`, {
    hint: near
      ? `Did you mean ${near}? The services are: ${names.join(", ")}.`
      : `The services are: ${names.join(", ")}.`,
  })
}
