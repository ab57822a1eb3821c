import { readFileSync } from "node:fs"

/** The columns of a small CSV file without quotes: name to its texts, one a row. */
export const readCsv = (path: string): Record<string, string[]> => {
  const [header, ...lines] = readFileSync(path, "utf8").trimEnd().split("\n")
  const cells = lines.map(line => line.split(","))
  return Object.fromEntries(header.split(",").map((name, i) => [name, cells.map(row => row[i])]))
}
