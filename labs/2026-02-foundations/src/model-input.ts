import type { FeatureColumn } from "@roadmap/ml/features"
import type { DataframeSplit, SampleColumn } from "@roadmap/model-registry/signature"
import type { Dataset } from "./dataset.ts"

/** The first rows of a data set, as columns for a signature and as MLflow's dataframe_split. */
export const sampleRows = (
  data: Dataset,
  rows: number,
): { columns: SampleColumn[]; dataframe: DataframeSplit } => {
  const { columns } = data.features
  const count = Math.min(rows, data.features.rows)
  return {
    columns: columns.map(
      (column): SampleColumn =>
        column.kind === "numeric"
          ? { name: column.name, values: column.values.subarray(0, count) }
          : { name: column.name, codes: column.codes.subarray(0, count), categories: column.categories },
    ),
    dataframe: {
      columns: columns.map(column => column.name),
      data: Array.from({ length: count }, (_, row) => columns.map(column => cell(column, row))),
    },
  }
}

const cell = (column: FeatureColumn, row: number): number | string =>
  column.kind === "numeric" ? column.values[row] : column.categories[column.codes[row]]
