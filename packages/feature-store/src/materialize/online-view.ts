import type { Field } from "@roadmap/warehouse/port"
import type { FeatureView } from "../definitions.ts"
import type { OnlineView } from "../online/port.ts"
import type { CheckedView } from "../sources.ts"
import { isNumeric } from "../sql/words.ts"

/**
 * A feature view as the online store keeps it, under the view's own name and version. Values have the form that a training
 * set in memory has: numbers are float64 (booleans 0 and 1, timestamps microseconds, dates days), texts are texts.
 */
export const onlineViewOf = ({ view, fields }: CheckedView): OnlineView => {
  const counts = Object.entries(view.features).filter(
    ([, feature]) =>
      feature.kind === "window" && (feature.aggregate === "count" || feature.aggregate === "distinct"),
  )
  return {
    name: view.name,
    version: view.version,
    keys: Object.entries(view.entity.keys).map(([name, type]) => ({ name, type })),
    features: Object.keys(view.features).map(name => ({ name, type: featureType(view, name, fields) })),
    whenMissing: Object.fromEntries(counts.map(([name]) => [name, 0])),
  }
}

const featureType = (
  { features }: FeatureView,
  name: string,
  fields: ReadonlyMap<string, Field>,
): "float64" | "string" => {
  const feature = features[name]
  if (feature.kind === "window") return "float64"
  const field = fields.get(feature.column)!
  return isNumeric(field) || field.type !== "string" ? "float64" : "string"
}
