import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"

/**
 * MLflow's search grammar (https://mlflow.org/docs/latest/ml/search/search-runs/), parsed here so that a mistake is
 * named before anything is sent or run:
 *
 *     metrics.rmse < 30 and params.model = 'ridge' and tags.`mlflow.runName` LIKE 'feb%'
 *     attributes.status = 'FINISHED' and run_id IN ('a', 'b') and params.alpha IS NOT NULL
 *
 * Comparisons joined by AND; no OR, no parentheses. A key with other characters than letters, digits, `_` and `.`
 * goes in backticks or double quotes: metrics.`delay/ridge/rmse/test`. Text values go in single or double quotes.
 */
export interface Comparison {
  entity: Entity
  key: string
  operator: Operator
  /** Absent for IS NULL and IS NOT NULL. */
  value?: number | string | readonly string[]
}

export type Entity = "metric" | "param" | "tag" | "attribute" | "dataset"
export type Operator =
  | "="
  | "!="
  | "<"
  | "<="
  | ">"
  | ">="
  | "LIKE"
  | "ILIKE"
  | "IN"
  | "NOT IN"
  | "IS NULL"
  | "IS NOT NULL"

export interface OrderBy {
  entity: Entity
  key: string
  descending: boolean
}

/** Which attributes a kind of thing has, and which entities can be asked for. */
export interface Searchable {
  /** Attribute name to its kind. */
  attributes: Record<string, "text" | "number">
  /** Attributes that things can be ordered by, but not filtered. */
  orderedBy?: readonly string[]
  /** Other spellings of attributes. */
  aliases?: Record<string, string>
  entities: readonly Entity[]
}

export const searchableRuns: Searchable = {
  attributes: {
    run_id: "text",
    run_name: "text",
    status: "text",
    start_time: "number",
    end_time: "number",
  },
  aliases: { created: "start_time", Created: "start_time", "run name": "run_name", "Run name": "run_name" },
  entities: ["metric", "param", "tag", "attribute", "dataset"],
}

export const searchableExperiments: Searchable = {
  attributes: { name: "text", creation_time: "number", last_update_time: "number" },
  entities: ["tag", "attribute"],
}

/** Parses a filter. Throws INVALID_INPUT which shows where it went wrong. An empty filter gives no comparisons. */
export const parseFilter = (filter: string, searchable: Searchable): Comparison[] => {
  const reader = createReader(filter)
  const comparisons: Comparison[] = []
  if (reader.peek() === undefined) return comparisons
  for (;;) {
    comparisons.push(readComparison(reader, searchable))
    if (reader.peek() === undefined) return comparisons
    if (!reader.take("word", "AND")) {
      const found = reader.peek()?.text.toUpperCase()
      reader.fail("expected AND", found === "OR" ? "MLflow's grammar has no OR: search twice." : undefined)
    }
  }
}

/** Parses one entry of `orderBy`: an identifier, then ASC (default) or DESC. Throws INVALID_INPUT. */
export const parseOrderBy = (text: string, searchable: Searchable): OrderBy => {
  const reader = createReader(text)
  const ordered = Object.fromEntries((searchable.orderedBy ?? []).map(name => [name, "number" as const]))
  const orderable = { ...searchable, attributes: { ...searchable.attributes, ...ordered } }
  const { entity, key } = readIdentifier(reader, orderable)
  if (entity === "dataset") reader.fail("a data set cannot order runs")
  const descending = reader.take("word", "DESC") !== undefined
  if (!descending) reader.take("word", "ASC")
  if (reader.peek() !== undefined) reader.fail("expected ASC, DESC or the end")
  return { entity, key, descending }
}

const readComparison = (reader: Reader, searchable: Searchable): Comparison => {
  const { entity, key } = readIdentifier(reader, searchable)
  const numeric = entity === "metric" || (entity === "attribute" && searchable.attributes[key] === "number")
  const operator = readOperator(reader)
  if (operator === "IS NULL" || operator === "IS NOT NULL") {
    if (entity !== "tag" && entity !== "param") reader.fail(`${operator} works on tags and params only`)
    return { entity, key, operator }
  }
  if (numeric) {
    if (!["=", "!=", "<", "<=", ">", ">="].includes(operator))
      reader.fail(`${operator} does not compare numbers`)
    const number = reader.take("number")
    if (!number) return reader.fail(`${entity} "${key}" is compared with a number, without quotes`)
    return { entity, key, operator, value: Number(number.text) }
  }
  if (["<", "<=", ">", ">="].includes(operator))
    reader.fail(`${operator} compares numbers, not ${entity} "${key}"`)
  if (operator === "IN" || operator === "NOT IN") {
    if (entity !== "dataset" && !(entity === "attribute" && listable.has(key)))
      reader.fail(`${operator} works on ids, names and data sets only`)
    return { entity, key, operator, value: readList(reader) }
  }
  return { entity, key, operator, value: readText(reader) }
}

/** The attributes MLflow compares with a list. */
const listable = new Set(["run_id", "name"])

const entityNames: Record<string, Entity> = {
  metric: "metric",
  metrics: "metric",
  param: "param",
  params: "param",
  parameter: "param",
  parameters: "param",
  tag: "tag",
  tags: "tag",
  attribute: "attribute",
  attributes: "attribute",
  attr: "attribute",
  run: "attribute",
  dataset: "dataset",
  datasets: "dataset",
}

const readIdentifier = (reader: Reader, searchable: Searchable): { entity: Entity; key: string } => {
  const first =
    reader.take("word") ?? reader.take("quoted") ?? reader.fail("expected a name such as metrics.rmse")
  const dot = first.kind === "word" ? first.text.indexOf(".") : -1
  if (dot === -1) return { entity: "attribute", key: knownAttribute(reader, first.text, searchable) }
  const prefix = first.text.slice(0, dot)
  const entity = Object.hasOwn(entityNames, prefix) ? entityNames[prefix] : undefined
  if (!entity || !searchable.entities.includes(entity)) {
    const near = nearest(prefix, Object.keys(entityNames))
    return reader.fail(
      `"${prefix}" is not one of ${searchable.entities.join(", ")}`,
      near && `Did you mean "${near}"?`,
    )
  }
  const rest = first.text.slice(dot + 1)
  const key = rest === "" ? reader.take("quoted")?.text : rest
  if (key === undefined) return reader.fail(`expected a key after "${prefix}."`)
  if (entity === "attribute") return { entity, key: knownAttribute(reader, key, searchable) }
  if (entity === "dataset" && !["name", "digest", "context"].includes(key))
    reader.fail(`a data set has name, digest and context, not "${key}"`)
  return { entity, key }
}

const knownAttribute = (reader: Reader, name: string, searchable: Searchable): string => {
  const { attributes, aliases = {} } = searchable
  if (Object.hasOwn(attributes, name)) return name
  if (Object.hasOwn(aliases, name)) return aliases[name]
  const near = nearest(name, Object.keys(attributes))
  return reader.fail(
    `"${name}" is no attribute; there are ${Object.keys(attributes).join(", ")}`,
    near
      ? `Did you mean "${near}"?`
      : `For a metric, parameter or tag write metrics.${name}, params.${name} or tags.${name}.`,
  )
}

const readOperator = (reader: Reader): Operator => {
  const symbol = reader.take("operator")
  if (symbol) return symbol.text as Operator
  for (const word of ["LIKE", "ILIKE", "IN"] as const) if (reader.take("word", word)) return word
  if (reader.take("word", "NOT")) {
    if (reader.take("word", "IN")) return "NOT IN"
    return reader.fail("expected IN after NOT")
  }
  if (reader.take("word", "IS")) {
    const negated = reader.take("word", "NOT") !== undefined
    if (reader.take("word", "NULL")) return negated ? "IS NOT NULL" : "IS NULL"
    return reader.fail("expected NULL")
  }
  return reader.fail("expected =, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL or IS NOT NULL")
}

const readText = (reader: Reader): string => {
  const token = reader.peek()
  if (token?.kind === "text" || (token?.kind === "quoted" && token.quote === '"')) {
    reader.next()
    return token.text
  }
  return reader.fail("expected text in quotes, such as 'ridge'")
}

const readList = (reader: Reader): string[] => {
  if (!reader.take("punctuation", "(")) reader.fail("expected a list such as ('a', 'b')")
  const values = [readText(reader)]
  while (reader.take("punctuation", ",")) values.push(readText(reader))
  if (!reader.take("punctuation", ")")) reader.fail("expected , or )")
  return values
}

interface Token {
  kind: "word" | "number" | "text" | "quoted" | "operator" | "punctuation"
  text: string
  at: number
  quote?: string
}

interface Reader {
  peek(): Token | undefined
  next(): void
  /** Takes the next token when it is of this kind and, for words without regard to case, has this text. */
  take(kind: Token["kind"], text?: string): Token | undefined
  fail(problem: string, hint?: string): never
}

const pattern =
  /\s+|(?<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))|(?<word>[A-Za-z_][\w]*(?:\.[\w]+)*\.?)|'(?<text>[^']*)'|"(?<double>[^"]*)"|`(?<back>[^`]*)`|(?<operator>!=|<=|>=|=|<|>)|(?<punctuation>[(),])/y

const createReader = (source: string): Reader => {
  const fail = (at: number, problem: string, hint?: string): never => {
    throw new RoadmapError(
      "INVALID_INPUT",
      `Search "${source}": ${problem}, at "${source.slice(at, at + 20)}".`,
      {
        hint: hint ?? "Example: metrics.`delay/ridge/rmse/test` < 30 and attributes.status = 'FINISHED'",
      },
    )
  }
  const tokens: Token[] = []
  pattern.lastIndex = 0
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex
    const groups = pattern.exec(source)?.groups
    if (!groups)
      return fail(at, "unexpected character", "Put a key that holds / or - in backticks: metrics.`a/b` < 1.")
    const { number, word, text, double, back, operator, punctuation } = groups
    if (number !== undefined) tokens.push({ kind: "number", text: number, at })
    else if (word !== undefined) tokens.push({ kind: "word", text: word, at })
    else if (text !== undefined) tokens.push({ kind: "text", text, at })
    else if (double !== undefined) tokens.push({ kind: "quoted", text: double, at, quote: '"' })
    else if (back !== undefined) tokens.push({ kind: "quoted", text: back, at, quote: "`" })
    else if (operator !== undefined) tokens.push({ kind: "operator", text: operator, at })
    else if (punctuation !== undefined) tokens.push({ kind: "punctuation", text: punctuation, at })
  }
  let position = 0
  return {
    peek: () => tokens[position],
    next: () => void position++,
    take(kind, text) {
      const token = tokens[position]
      if (token?.kind !== kind || (text !== undefined && token.text.toUpperCase() !== text)) return undefined
      position++
      return token
    },
    fail: (problem, hint) => fail(tokens[position]?.at ?? source.length, problem, hint),
  }
}
