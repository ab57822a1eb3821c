/** Requests that are sent to this server and to `mlflow models serve`. */
export interface Asked {
  readonly what: string
  /** A text is sent as it is. */
  readonly body: unknown
  readonly type?: string
  readonly method?: string
  readonly path?: string
}

export interface Difference extends Asked {
  readonly mlflow: number
  readonly here: number
  readonly why: string
}

const row = { hour: 8.5, distance: 500, weekday: 1 }
const other = { hour: 23, distance: 1900, weekday: 2 }
const split = {
  columns: ["hour", "distance", "weekday"],
  data: [
    [8.5, 500, 1],
    [23, 1900, 2],
  ],
}

/**
 * Of a model whose three columns are `double`: both servers give the same status and, if it is 200, the same
 * predictions.
 */
export const same: readonly Asked[] = [
  { what: "dataframe_split", body: { dataframe_split: split } },
  { what: "dataframe_split with an index", body: { dataframe_split: { ...split, index: [5, 6] } } },
  {
    what: "dataframe_split, columns in another order",
    body: { dataframe_split: { columns: ["weekday", "hour", "distance"], data: [[1, 8.5, 500]] } },
  },
  { what: "dataframe_records", body: { dataframe_records: [row, other] } },
  { what: "instances", body: { instances: [row, other] } },
  { what: "inputs by column", body: { inputs: { hour: [8.5, 23], distance: [500, 1900], weekday: [1, 2] } } },
  { what: "inputs by row", body: { inputs: [row, other] } },
  { what: "inputs, one value a column", body: { inputs: row } },
  {
    what: "null is a missing value",
    body: {
      dataframe_records: [
        { ...row, hour: null },
        { ...other, weekday: null },
      ],
    },
  },
  { what: "a category that is none", body: { dataframe_records: [{ ...row, weekday: 9 }] } },
  { what: "-1 is a missing category", body: { dataframe_records: [{ ...row, weekday: -1 }] } },
  {
    what: "large and small numbers",
    body: { dataframe_records: [{ hour: 1e308, distance: -1e-300, weekday: 0 }] },
  },
  { what: "params null", body: { dataframe_records: [row], params: null } },
  { what: "empty params", body: { dataframe_records: [row], params: {} } },
  { what: "CSV", body: "hour,distance,weekday\n8.5,500,1\n23,1900,2\n", type: "text/csv" },
  {
    what: "CSV with quotes, blank lines and a missing value",
    body: 'hour,distance,weekday\r\n"8.5",500,1\r\n\r\n,1900,2\r\n',
    type: "text/csv",
  },
  {
    what: "JSON with its charset",
    body: { dataframe_records: [row] },
    type: "application/json; charset=UTF-8",
  },
  { what: "a missing column", body: { dataframe_records: [{ hour: 1, distance: 2 }] } },
  { what: "a split without columns", body: { dataframe_split: { data: [[1, 2, 3]] } } },
  { what: "a split without data", body: { dataframe_split: { columns: ["hour"] } } },
  { what: "a split with an unknown field", body: { dataframe_split: { ...split, dtype: "x" } } },
  {
    what: "rows of unequal length",
    body: {
      dataframe_split: {
        ...split,
        data: [
          [1, 2, 3],
          [1, 2, 3, 4],
        ],
      },
    },
  },
  { what: "a text that is no number", body: { dataframe_records: [{ ...row, hour: "eight" }] } },
  { what: "an object in a cell", body: { dataframe_records: [{ ...row, hour: { a: 1 } }] } },
  { what: "records that are one object", body: { dataframe_records: row } },
  { what: "no form", body: {} },
  { what: "two forms", body: { instances: [row], inputs: [row] } },
  { what: "a list", body: [row] },
  { what: "half of a body", body: '{"dataframe_records": [' },
  { what: "no body", body: "" },
  { what: "bytes that are no UTF-8", body: Buffer.from([0x7b, 0xff, 0x7d]) },
  { what: "instances that are lists of numbers", body: { instances: [[8.5, 500, 1]] } },
  { what: "columns of unequal length", body: { inputs: { hour: [1, 2], distance: [1], weekday: [1] } } },
  { what: "a number that is no JSON", body: '{"dataframe_records":[{"hour":08,"distance":1,"weekday":1}]}' },
  { what: "plain text", body: "hello", type: "text/plain" },
  { what: "another charset", body: { dataframe_records: [row] }, type: "application/json; charset=latin-1" },
  {
    what: "a parameter of the content type",
    body: { dataframe_records: [row] },
    type: "application/json; profile=x",
  },
  { what: "GET /invocations", body: undefined, method: "GET" },
  { what: "GET /ping", body: undefined, method: "GET", path: "/ping" },
  { what: "GET /health", body: undefined, method: "GET", path: "/health" },
  { what: "GET /version", body: undefined, method: "GET", path: "/version" },
  { what: "an unknown route", body: {}, path: "/nowhere" },
]

const records = (change: object) => ({ dataframe_records: [{ ...row, ...change }] })
const text = (hour: string) => `{"dataframe_records":[{"hour":${hour},"distance":500,"weekday":1}]}`

const converted = "pandas converts it without a word; here nothing is converted"
const ignored = "it is ignored there without a word; a client who sends it means something"
const noJson = "Python reads it; RFC 8259 has no such number, and other parsers refuse it"

/** Where the two differ on that model, on purpose: the statuses, and why this server's is another. */
export const different: readonly Difference[] = [
  { what: "a text that is a number", body: records({ hour: "8.5" }), mlflow: 200, here: 400, why: converted },
  {
    what: "true in a column of decimals",
    body: records({ hour: true }),
    mlflow: 200,
    here: 400,
    why: converted,
  },
  {
    what: "an extra column",
    body: records({ speed: 1 }),
    mlflow: 200,
    here: 400,
    why: `${ignored} (input.extra: "ignore" lets it pass)`,
  },
  {
    what: "an extra column __proto__",
    body: '{"dataframe_records":[{"hour":1,"distance":1,"weekday":1,"__proto__":1}]}',
    mlflow: 200,
    here: 400,
    why: ignored,
  },
  {
    what: "an unknown field of the body",
    body: { ...records({}), model: "late" },
    mlflow: 200,
    here: 400,
    why: ignored,
  },
  {
    what: "params of a model that has none",
    body: { ...records({}), params: { alpha: 1 } },
    mlflow: 200,
    here: 400,
    why: ignored,
  },
  {
    what: "params that are a list",
    body: { ...records({}), params: [1] },
    mlflow: 200,
    here: 400,
    why: ignored,
  },
  { what: "NaN", body: text("NaN"), mlflow: 200, here: 400, why: noJson },
  { what: "Infinity", body: text("Infinity"), mlflow: 200, here: 400, why: noJson },
  {
    what: "1e400",
    body: text("1e400"),
    mlflow: 200,
    here: 400,
    why: "it becomes infinite there; here it is out of range",
  },
  {
    what: "a byte order mark",
    body: `\ufeff${text("1")}`,
    mlflow: 200,
    here: 400,
    why: "RFC 8259 forbids senders to add one",
  },
  {
    what: "a repeated key",
    body: '{"dataframe_records":[{"hour":1,"hour":2,"distance":1,"weekday":1}]}',
    mlflow: 200,
    here: 400,
    why: "the last one wins there; here nobody is left to guess which was meant",
  },
  {
    what: "a row that lacks a column",
    body: { dataframe_records: [row, { hour: 1, distance: 2 }] },
    mlflow: 200,
    here: 400,
    why: "it is filled with NaN there; here missing is said by null",
  },
  {
    what: "no rows as records",
    body: { dataframe_records: [] },
    mlflow: 400,
    here: 200,
    why: "no rows have no columns there; here they have no predictions",
  },
  { what: "no rows as inputs", body: { inputs: [] }, mlflow: 400, here: 200, why: "as above" },
  {
    what: "an index of another length",
    body: { dataframe_split: { columns: split.columns, index: [1, 2, 3], data: [[1, 2, 1]] } },
    mlflow: 200,
    here: 400,
    why: "pandas repeats the row: three predictions for one row",
  },
  {
    what: "nesting of 100,000 levels",
    body: "[".repeat(100_000),
    mlflow: 500,
    here: 400,
    why: "Python's parser runs out of stack; it is the client's fault",
  },
  {
    what: "CSV: NA",
    body: "hour,distance,weekday\nNA,500,1\n",
    type: "text/csv",
    mlflow: 200,
    here: 400,
    why: "pandas takes NA, null, None and more for missing; here an empty cell and NaN are",
  },
  {
    what: "CSV: inf",
    body: "hour,distance,weekday\ninf,500,1\n",
    type: "text/csv",
    mlflow: 200,
    here: 400,
    why: "no infinite feature is a measurement",
  },
  {
    what: "CSV: a space before a number",
    body: "hour,distance,weekday\n 1,500,1\n",
    type: "text/csv",
    mlflow: 200,
    here: 400,
    why: converted,
  },
  {
    what: "CSV: a cell too many",
    body: "hour,distance,weekday\n1,500,1,4\n",
    type: "text/csv",
    mlflow: 200,
    here: 400,
    why: "pandas takes the first cell for an index and shifts the others: another row is scored",
  },
  {
    what: "CSV: a cell too few",
    body: "hour,distance,weekday\n1,500\n",
    type: "text/csv",
    mlflow: 200,
    here: 400,
    why: "it is filled with NaN there",
  },
  {
    what: "CSV: an extra column",
    body: "hour,distance,weekday,x\n1,500,1,4\n",
    type: "text/csv",
    mlflow: 200,
    here: 400,
    why: ignored,
  },
  {
    what: "Parquet",
    body: "PAR1",
    type: "application/vnd.apache.parquet",
    mlflow: 400,
    here: 415,
    why: "this server does not read Parquet (the batch scorer does)",
  },
]

/**
 * Of a model with a column of every type, of which MLflow's predictions are always 0: statuses alone are
 * compared.
 */
export const typedRow = {
  a_double: 1.5,
  a_float: 2.5,
  an_integer: 3,
  a_long: 4,
  a_text: "mon",
  a_flag: true,
  a_time: "2001-06-30T12:00:00",
}

const typed = (change: object) => ({ dataframe_records: [{ ...typedRow, ...change }] })
const typedText = (column: string, value: string) =>
  JSON.stringify(typed({})).replace(new RegExp(`("${column}":)[^,}]+`), `$1${value}`)

export const typedSame: readonly Asked[] = [
  { what: "a row of every type", body: typed({}) },
  {
    what: "the same as a split",
    body: { dataframe_split: { columns: Object.keys(typedRow), data: [Object.values(typedRow)] } },
  },
  {
    what: "the same by column",
    body: { inputs: Object.fromEntries(Object.entries(typedRow).map(([name, value]) => [name, [value]])) },
  },
  { what: "3.0 in an integer", body: typedText("an_integer", "3.0") },
  { what: "null in an integer", body: typed({ an_integer: null }) },
  { what: "null in a long", body: typed({ a_long: null }) },
  { what: "a decimal in a float", body: typed({ a_float: 0.1 }) },
  { what: "null in a float", body: typed({ a_float: null }) },
  { what: "a category that is new", body: typed({ a_text: "sun" }) },
  { what: "a date", body: typed({ a_time: "2001-06-30" }) },
  { what: "a date-time with a space", body: typed({ a_time: "2001-06-30 12:00:00" }) },
  { what: "a date-time with microseconds", body: typed({ a_time: "2001-06-30T12:00:00.123456" }) },
  { what: "a date-time in UTC", body: typed({ a_time: "2001-06-30T12:00:00Z" }) },
  { what: "a date-time with an offset", body: typed({ a_time: "2001-06-30T12:00:00+02:00" }) },
  { what: "a day that is not in the calendar", body: typed({ a_time: "2001-02-30" }) },
  { what: "a date beyond 64-bit nanoseconds", body: typed({ a_time: "3001-01-01" }) },
  { what: "a word for a date", body: typed({ a_time: "soon" }) },
  { what: "columns that are missing", body: { dataframe_records: [{ a_double: 1 }] } },
]

const cut = "astype cuts or wraps it there, against MLflow's own rule for DataFrames: no unsafe conversion"

export const typedDifferent: readonly Difference[] = [
  ...[1.5, 2 ** 31, -(2 ** 31) - 1, 1e300].map(
    (value): Difference => ({
      what: `${value} in an integer`,
      body: typed({ an_integer: value }),
      mlflow: 200,
      here: 400,
      why: cut,
    }),
  ),
  { what: "a text in an integer", body: typed({ an_integer: "3" }), mlflow: 200, here: 400, why: converted },
  { what: "true in an integer", body: typed({ an_integer: true }), mlflow: 200, here: 400, why: converted },
  { what: "1.5 in a long", body: typed({ a_long: 1.5 }), mlflow: 200, here: 400, why: cut },
  {
    what: "2^53 + 1 in a long",
    body: typedText("a_long", "9007199254740993"),
    mlflow: 200,
    here: 400,
    why: "numbers are doubles here: refused rather than rounded",
  },
  {
    what: "2^63 in a long",
    body: typedText("a_long", "9223372036854775808"),
    mlflow: 200,
    here: 400,
    why: cut,
  },
  { what: "a text in a long", body: typed({ a_long: "4" }), mlflow: 200, here: 400, why: converted },
  {
    what: "1e39 in a float",
    body: typed({ a_float: 1e39 }),
    mlflow: 200,
    here: 400,
    why: "it becomes infinite there",
  },
  { what: "a text in a float", body: typed({ a_float: "2" }), mlflow: 200, here: 400, why: converted },
  {
    what: "a number in a text",
    body: typed({ a_text: 5 }),
    mlflow: 200,
    here: 400,
    why: "texts are not checked there",
  },
  {
    what: "true in a text",
    body: typed({ a_text: true }),
    mlflow: 200,
    here: 400,
    why: "texts are not checked there",
  },
  {
    what: "null in a required text",
    body: typed({ a_text: null }),
    mlflow: 200,
    here: 400,
    why: "required says that it is there",
  },
  ...[1, 2, "true", "no", null].map(
    (value): Difference => ({
      what: `${JSON.stringify(value)} in a boolean`,
      body: typed({ a_flag: value }),
      mlflow: 200,
      here: 400,
      why: "every value has a truth in Python, the text no too; here true and false are the two",
    }),
  ),
  {
    what: "seconds since 1970 for a date",
    body: typed({ a_time: 993902400 }),
    mlflow: 200,
    here: 400,
    why: "they are read as nanoseconds there: a second after 1970",
  },
  {
    what: "a date as Americans write it",
    body: typed({ a_time: "06/30/2001" }),
    mlflow: 200,
    here: 400,
    why: "05/06 is two days",
  },
  {
    what: "null in a required date",
    body: typed({ a_time: null }),
    mlflow: 200,
    here: 400,
    why: "required says that it is there",
  },
  {
    what: "a date-time with nanoseconds",
    body: typed({ a_time: "2001-06-30T12:00:00.123456789" }),
    mlflow: 200,
    here: 400,
    why: "times are microseconds here: refused rather than cut",
  },
]
