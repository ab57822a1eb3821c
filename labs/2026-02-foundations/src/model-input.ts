import type { FeatureColumn } from "@roadmap/ml/features"
import type { DataframeSplit } from "@roadmap/model-registry/signature"
import type { Dataset } from "./dataset.ts"

/** The first rows of a data set as MLflow's dataframe_split; categories by their codes, as the ONNX form takes them. */
export const exampleRows = (data: Dataset, rows: number): DataframeSplit => {
  const { columns } = data.features
  return {
    columns: columns.map(column => column.name),
    data: Array.from({ length: Math.min(rows, data.features.rows) }, (_, row) =>
      columns.map(column => numberAt(column, row)),
    ),
  }
}

const numberAt = (column: FeatureColumn, row: number): number =>
  column.kind === "numeric" ? column.values[row] : column.codes[row]
