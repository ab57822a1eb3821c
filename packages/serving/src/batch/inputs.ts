import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { quoteIdentifier, quoteText } from "@roadmap/warehouse/identifiers"
import type { ColumnType, Field } from "@roadmap/warehouse/port"
import type { ServedModel } from "../model/served.ts"

/** How one input of the model is read from the source, by DuckDB, as a number a row. Plain data, for threads. */
export interface InputReading {
  readonly name: string
  /** SQL for the value: a number, a code into `categories`, or null where it is missing and may be. */
  readonly value: string
  readonly form: "float64" | "float32" | "int32"
  /** Present when the values are codes; the last one stands for every text that the model has not seen. */
  readonly categories?: readonly string[]
  /** SQL condition to the reason why a row that meets it cannot be scored. */
  readonly refusals: readonly { readonly when: string; readonly reason: string }[]
}

type Input = Pick<ServedModel["inputs"][number], "name" | "type" | "required" | "categories">

/**
 * How the source's columns become the model's inputs, by name. Nothing is coerced: a column of another kind is refused as a
 * whole (SCHEMA_MISMATCH), a value that does not fit becomes the reason for which its row is rejected. `textual` sources
 * (CSV, JSON) hold texts that are read as numbers. A category that the model takes as its code may come as its text.
 */
export const readingsOf = (
  model: Pick<ServedModel, "inputs" | "model" | "uri">,
  fields: readonly Field[],
  textual: boolean,
): InputReading[] => {
  const problems: string[] = []
  const readings = model.inputs.flatMap(input => {
    const field = fields.find(({ name }) => name === input.name)
    if (field === undefined) {
      if (!input.required) return [missingColumn(input)]
      const guess = nearest(
        input.name,
        fields.map(({ name }) => name),
      )
      problems.push(`it has no column "${input.name}"${guess ? ` (but "${guess}")` : ""}`)
      return []
    }
    const known = model.model?.features.find(({ name }) => name === input.name)
    const categories =
      input.categories ??
      (known?.kind === "categorical" && field.type === "string"
        ? [...known.categories, unseen(known.categories)]
        : undefined)
    const reading = categories
      ? categoryReading(input, field, categories, input.categories === undefined)
      : numberReading(input, field.type, textual)
    if (reading === undefined)
      problems.push(`"${input.name}" is ${field.type}, and the model takes ${input.type}`)
    return reading ?? []
  })
  if (problems.length > 0)
    throw new RoadmapError(
      "SCHEMA_MISMATCH",
      `The source does not fit the inputs of ${model.uri}: ${problems.join("; ")}.`,
      { hint: "Rename or cast the columns in the statement you score (--sql)." },
    )
  return readings
}

const unseen = (categories: readonly string[]): string => {
  let text = "(not seen)"
  while (categories.includes(text)) text += "?"
  return text
}

const missingColumn = ({ name, categories }: Input): InputReading => ({
  name,
  value: categories ? "-1" : "NULL::DOUBLE",
  form: categories ? "int32" : "float64",
  ...(categories && { categories }),
  refusals: [],
})

const categoryReading = (
  { name, required }: Input,
  field: Field,
  categories: readonly string[],
  coded: boolean,
): InputReading | undefined => {
  if (field.type !== "string") return undefined
  const column = quoteIdentifier(name)
  const known = categories.slice(0, -1)
  // An enumeration finds a text's place by hashing, where a CASE or a list would compare one after the other.
  const code =
    known.length === 0
      ? "0"
      : `coalesce(enum_code(try_cast(${column} AS ENUM(${known.map(text => quoteText(text)).join(", ")})))::INTEGER, ${known.length})`
  return {
    name,
    value: `CASE WHEN ${column} IS NULL THEN -1 ELSE ${code} END`,
    form: "int32",
    categories,
    refusals: [
      ...(required && !coded ? [{ when: `${column} IS NULL`, reason: `${name} is missing` }] : []),
      // The signature asks for codes here: a code in the place of a text would be scored as a category never seen.
      ...(coded
        ? [
            {
              when: `(${code}) = ${known.length} AND regexp_full_match(${column}, ${quoteText(wholeNumber)})`,
              reason: `${name} is a code where its text is expected`,
            },
          ]
        : []),
    ],
  }
}

const numberReading = (input: Input, type: ColumnType, textual: boolean): InputReading | undefined => {
  const { name, required } = input
  const column = quoteIdentifier(name)
  const rule = textual ? textRules[input.type] : typedRules[input.type]?.[type]
  if (rule === undefined) return undefined
  const { value, refusals } = rule(column, name)
  // null is a missing value for double and float, as in MLflow's schema enforcement.
  const mayMiss = !required || input.type === "double" || input.type === "float"
  const whole = input.type === "integer" || input.type === "boolean"
  return {
    name,
    value,
    form: input.type === "float" ? "float32" : whole && !mayMiss ? "int32" : "float64",
    refusals: [
      ...(mayMiss ? [] : [{ when: `${column} IS NULL`, reason: `${name} is missing` }]),
      ...refusals,
    ],
  }
}

type Rule = (column: string, name: string) => Pick<InputReading, "value" | "refusals">

const as =
  (sql: string): Rule =>
  column => ({ value: `${column}::${sql}`, refusals: [] })

const within =
  (sql: string, least: string, most: string, what: string): Rule =>
  (column, name) => ({
    value: `try_cast(${column} AS ${sql})`,
    refusals: [{ when: `${column} NOT BETWEEN ${least} AND ${most}`, reason: `${name} is beyond ${what}` }],
  })

const exactInteger = within("DOUBLE", "-9007199254740992", "9007199254740992", "2^53")
const integer32 = within("INTEGER", "-2147483648", "2147483647", "a 32-bit integer")
/** The nearest 32-bit float, as for a number in a request; NaN and infinities stay what they are. */
const nearestFloat: Rule = (column, name) => ({
  value: `try_cast(${column} AS FLOAT)`,
  refusals: [
    {
      when: `isfinite(${column}) AND abs(${column}) > 3.4028235677973366e38`,
      reason: `${name} is beyond a 32-bit float`,
    },
  ],
})
const microseconds: Rule = column => ({ value: `epoch_us(${column}::TIMESTAMP)::DOUBLE`, refusals: [] })

/** Of typed columns: the model's type to the source's types that fit it. */
const typedRules: Readonly<Record<string, Partial<Record<ColumnType, Rule>>>> = {
  double: { float64: as("DOUBLE"), float32: as("DOUBLE"), int32: as("DOUBLE"), int64: exactInteger },
  float: { float32: as("FLOAT"), float64: nearestFloat },
  integer: { int32: as("INTEGER"), int64: integer32 },
  long: { int32: as("DOUBLE"), int64: exactInteger },
  boolean: { boolean: as("INTEGER") },
  datetime: { timestamp: microseconds, date: microseconds },
}

const parsed =
  (
    sql: string,
    pattern: string | undefined,
    what: string,
    then: (value: string) => string = value => value,
  ): Rule =>
  (column, name) => {
    const value = `try_cast(${column} AS ${sql})`
    const reads = pattern
      ? `(regexp_full_match(${column}, ${quoteText(pattern)}) AND ${value} IS NOT NULL)`
      : `${value} IS NOT NULL`
    return {
      value: then(value),
      refusals: [{ when: `${column} IS NOT NULL AND NOT ${reads}`, reason: `${name} is no ${what}` }],
    }
  }

const number = "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?"
const wholeNumber = "[+-]?[0-9]+"

/** A number too large for its type is read as infinite, and is none. */
const decimal =
  (sql: string, what: string): Rule =>
  (column, name) => {
    const { value, refusals } = parsed(sql, number, what)(column, name)
    return {
      value,
      refusals: refusals.map(({ when, reason }) => ({ when: `(${when}) OR isinf(${value})`, reason })),
    }
  }

/** Of columns of texts. */
const textRules: Readonly<Record<string, Rule | undefined>> = {
  double: decimal("DOUBLE", "number"),
  float: decimal("FLOAT", "32-bit float"),
  integer: parsed("INTEGER", wholeNumber, "32-bit integer"),
  long: (column, name) => {
    const { value, refusals } = parsed("BIGINT", wholeNumber, "integer")(column, name)
    const beyond = `abs(${value}) > 9007199254740992`
    return {
      value: `${value}::DOUBLE`,
      refusals: [...refusals, { when: beyond, reason: `${name} is beyond 2^53` }],
    }
  },
  boolean: parsed("BOOLEAN", "true|false", "truth value", value => `${value}::INTEGER`),
  datetime: parsed("TIMESTAMP", undefined, "date", value => `epoch_us(${value})::DOUBLE`),
}

/** SQL for every reason to reject a row, joined by "; "; null for a row that can be scored. */
export const reasonSql = (readings: readonly InputReading[]): string => {
  const cases = readings.flatMap(({ refusals }) =>
    refusals.map(({ when, reason }) => `CASE WHEN ${when} THEN ${quoteText(reason)} END`),
  )
  return cases.length === 0 ? "NULL::VARCHAR" : `nullif(concat_ws('; ', ${cases.join(", ")}), '')`
}
