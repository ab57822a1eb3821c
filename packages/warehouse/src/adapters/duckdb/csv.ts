import { RoadmapError } from "@roadmap/core/errors"

export interface CsvDialect {
  delimiter: string
  names: readonly string[]
}

/**
 * Delimiter and column names from a CSV file's first record (RFC 4180; the delimiter is whichever of comma,
 * semicolon, tab and bar occurs most in it outside quotes). Throws FILE_CORRUPT without a usable header.
 */
export const csvDialect = (start: string, path: string): CsvDialect => {
  const header = firstRecord(start.replace(/^\uFEFF/, ""))
  if (header === undefined || header === "" || header.includes("\0"))
    throw new RoadmapError("FILE_CORRUPT", `${path} has no header line that can be read as CSV.`, {
      hint: "The first line must name the columns.",
    })
  const bare = header.replace(/"(?:[^"]|"")*"/g, "")
  const delimiter = [",", ";", "\t", "|"].reduce((best, candidate) =>
    bare.split(candidate).length > bare.split(best).length ? candidate : best,
  )
  const names = splitRecord(header, delimiter)
  const lower = names.map(name => name.toLowerCase())
  const twice = names.find((_, index) => lower.indexOf(lower[index]) !== index)
  if (twice !== undefined)
    throw new RoadmapError("SCHEMA_MISMATCH", `${path} has two columns named "${twice}".`, {
      hint: "Give each column of the header its own name.",
    })
  const unnamed = names.indexOf("")
  if (unnamed !== -1)
    throw new RoadmapError("SCHEMA_MISMATCH", `${path} has no name for its column ${unnamed + 1}.`, {
      hint: "Give each column of the header its own name.",
    })
  return { delimiter, names }
}

/** Up to the first line break outside quotes; undefined when the quotes never close. */
const firstRecord = (text: string): string | undefined => {
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') quoted = !quoted
    else if (!quoted && (character === "\n" || character === "\r")) return text.slice(0, at)
  }
  return quoted ? undefined : text
}

const splitRecord = (record: string, delimiter: string): string[] => {
  const names: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at <= record.length; at++) {
    if (record[at] === '"') quoted = !quoted
    if (at === record.length || (!quoted && record[at] === delimiter)) {
      names.push(unquote(record.slice(start, at)))
      start = at + 1
    }
  }
  return names
}

const unquote = (name: string): string =>
  name.startsWith('"') && name.endsWith('"') && name.length > 1
    ? name.slice(1, -1).replaceAll('""', '"')
    : name.trim()
