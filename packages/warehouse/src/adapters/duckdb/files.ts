import { open, stat } from "node:fs/promises"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { quoteIdentifier, quoteText } from "../../identifiers.ts"
import type { FileSource } from "../../port.ts"
import { csvDialect } from "./csv.ts"

/** Makes the statement that reads each file as the port says, one SELECT a file. Throws FILE_MISSING, FILE_EMPTY, FILE_CORRUPT. */
export const selectsOfFiles = async (
  source: FileSource,
  jsonKeys: (path: string) => Promise<readonly string[]>,
): Promise<string[]> => {
  if (source.files.length === 0) throw new RoadmapError("INVALID_INPUT", "There is no file to load.")
  const selects: string[] = []
  for (const [index, path] of source.files.entries()) {
    await checkFile(path)
    const constants = Object.entries(source.constants ?? {}).map(
      ([name, texts]) => `${quoteText(texts[index])} AS ${quoteIdentifier(name)}`,
    )
    const reader = await readerOf(source, path, jsonKeys)
    const number =
      source.rowNumber !== undefined ? [`${reader.rowNumber} AS ${quoteIdentifier(source.rowNumber)}`] : []
    selects.push(`SELECT ${[reader.columns, ...constants, ...number].join(", ")} FROM ${reader.from}`)
  }
  return selects
}

const readerOf = async (
  { format, rowNumber }: FileSource,
  path: string,
  jsonKeys: (path: string) => Promise<readonly string[]>,
): Promise<{ from: string; columns: string; rowNumber: string }> => {
  const counted = { columns: "*", rowNumber: "row_number() OVER ()" }
  if (format === "csv") return { ...counted, from: await csvReader(path) }
  if (format === "json") {
    await checkJsonLines(path)
    return { ...counted, from: jsonReader(path, await jsonKeys(path)) }
  }
  if (rowNumber === undefined) return { ...counted, from: `read_parquet(${quoteText(path)})` }
  return {
    from: `read_parquet(${quoteText(path)}, file_row_number = true)`,
    columns: "* EXCLUDE (file_row_number)",
    rowNumber: "file_row_number + 1",
  }
}

/** A statement with the keys of a JSON lines file's objects as its columns. */
export const describeJson = (path: string): string =>
  `SELECT * FROM read_json(${quoteText(path)}, format = 'newline_delimited', maximum_depth = 1, sample_size = -1) LIMIT 0`

const checkFile = async (path: string): Promise<void> => {
  const found = await stat(path).catch(error => {
    throw toRoadmapError(error)
  })
  if (!found.isFile())
    throw new RoadmapError("FILE_MISSING", `${path} is not a file.`, { hint: "Name the files inside it." })
  if (found.size === 0)
    throw new RoadmapError("FILE_EMPTY", `${path} is empty (0 bytes).`, {
      hint: "Fetch the file again from where it came.",
    })
}

/** DuckDB would read a file of one JSON array, or of bare values, as one odd column. */
const checkJsonLines = async (path: string): Promise<void> => {
  if (!/^\uFEFF?\s*\{/.test(await firstBytes(path)))
    throw new RoadmapError("FILE_CORRUPT", `${path} does not begin with a JSON object.`, {
      hint: "JSON lines need one object a line, without an array around them.",
    })
}

/** The format is read from the header and told to DuckDB: its own guess changes with the rows, also with broken ones. */
const csvReader = async (path: string): Promise<string> => {
  const { delimiter, names } = csvDialect(await firstBytes(path), path)
  return `read_csv(${quoteText(path)}, auto_detect = false, header = true, delim = ${quoteText(delimiter)}, quote = '"', escape = '"', strict_mode = true, columns = ${textColumns(names)})`
}

const jsonReader = (path: string, keys: readonly string[]): string =>
  `read_json(${quoteText(path)}, format = 'newline_delimited', columns = ${textColumns(keys)})`

const textColumns = (names: readonly string[]): string =>
  `{${names.map(name => `${quoteText(name)}: 'VARCHAR'`).join(", ")}}`

const firstBytes = async (path: string, count = 65_536): Promise<string> => {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0)
    return buffer.toString("utf8", 0, bytesRead)
  } finally {
    await file.close()
  }
}
