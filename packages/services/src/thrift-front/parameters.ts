/** A bound value as @databricks/sql sends it: neither type nor value for NULL. */
export interface BoundValue {
  readonly name?: string | null
  readonly type?: string | null
  readonly value?: { readonly stringValue?: string | null } | null
}

const sqlType = /^[A-Z_]+( (MONTH|DAY))?(\(\d+(, ?\d+)?\))?$/

/**
 * The statement as one EXECUTE IMMEDIATE whose USING list holds the values: Spark binds them itself, so the
 * statement's text is never touched. A workspace binds values of TExecuteStatementReq; Spark's server drops them.
 */
export const withParameters = (statement: string, values: readonly BoundValue[]): string =>
  values.length === 0
    ? statement
    : `EXECUTE IMMEDIATE ${literal(statement)} USING ${values.map(boundLiteral).join(", ")}`

const boundLiteral = ({ name, type, value }: BoundValue): string => {
  const text = value?.stringValue
  const typed = type ?? "STRING"
  if (!sqlType.test(typed)) throw new Error(`${JSON.stringify(typed)} is no type of a parameter.`)
  const bound = text === undefined || text === null ? "NULL" : `CAST(${literal(text)} AS ${typed})`
  return name ? `${bound} AS \`${name.replaceAll("`", "``")}\`` : bound
}

/** Spark would put a variable's value in the place of `${…}`, inside texts too. */
const literal = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("${", "\\u0024{")}'`
