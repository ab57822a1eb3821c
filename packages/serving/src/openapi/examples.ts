import type { InputColumn } from "../model/inputs.ts"
import type { ServedModel } from "../model/served.ts"
import { datatypes } from "../protocol/open-inference.ts"

/** Bodies that the server answers: of the model's own input example where it has one. */
export interface Examples {
  readonly dataframe_split: unknown
  readonly dataframe_records: unknown
  readonly inputs: unknown
  readonly infer: unknown
  /** The first row, a header line before it. */
  readonly csv: string
}

export const examplesOf = (served: Pick<ServedModel, "inputs" | "inputExample">): Examples => {
  const { inputs } = served
  const columns = inputs.map(({ name }) => name)
  const data = exampleRows(served)
  const valuesOf = (at: number) => data.map(row => row[at])
  return {
    dataframe_split: { dataframe_split: { columns, data } },
    dataframe_records: { dataframe_records: data.map(row => objectOf(columns, row)) },
    inputs: {
      inputs: objectOf(
        columns,
        columns.map((_, at) => valuesOf(at)),
      ),
    },
    infer: {
      id: "example",
      inputs: inputs.map(({ name, type }, at) => ({
        name,
        shape: [data.length],
        datatype: datatypes[type],
        data: valuesOf(at),
      })),
    },
    csv: `${columns.map(csvCell).join(",")}\n${data[0].map(csvCell).join(",")}\n`,
  }
}

/** At most two rows, in the signature's columns. */
const exampleRows = ({ inputs, inputExample }: Pick<ServedModel, "inputs" | "inputExample">): unknown[][] => {
  const places = inputs.map(({ name }) => inputExample?.columns.indexOf(name) ?? -1)
  if (inputExample === undefined || inputExample.data.length === 0)
    return [inputs.map(({ type }) => samples[type])]
  return inputExample.data.slice(0, 2).map(row => places.map(at => (at < 0 ? null : (row[at] ?? null))))
}

const objectOf = (names: readonly string[], values: readonly unknown[]) =>
  Object.fromEntries(names.map((name, at) => [name, values[at]]))

const csvCell = (value: unknown): string => {
  const text = value === null ? "" : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const samples: Record<InputColumn["type"], unknown> = {
  double: 1.5,
  float: 1.5,
  integer: 1,
  long: 1,
  boolean: true,
  string: "a text",
  datetime: "2001-06-30T12:00:00",
}
