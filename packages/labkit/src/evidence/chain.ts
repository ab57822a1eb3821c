import { sha256 } from "@roadmap/core/hash"
import { type EvidenceRecord, firstPrevious, hashOf } from "./record.ts"

export interface ChainProblem {
  /** 1-based. */
  line: number
  /** What is wrong with it: "is not a record of this program". */
  what: string
  /** `skipped`: a line cut short by a kill or a full disk. `broken`: somebody changed the file. */
  kind: "skipped" | "broken"
}

export interface Chain {
  /** The records that can be read, in order, each with its line. */
  records: { record: EvidenceRecord; line: number }[]
  problems: ChainProblem[]
  /** SHA-256 of the last line; of an empty file 64 zeros. */
  head: string
}

/**
 * Reads an evidence file. A line that is no record is named and skipped; a changed record, and a place where lines were
 * removed, added or put in another order, is named. A chain cannot show that lines at its end were cut off, nor that
 * someone computed all of it anew: that is why `progress --verify` also runs again what the records claim.
 */
export const readChain = (text: string): Chain => {
  const chain: Chain = { records: [], problems: [], head: firstPrevious }
  const lines = text.split("\n")
  if (lines.at(-1) === "") lines.pop()
  for (const [index, raw] of lines.entries()) {
    const line = index + 1
    const record = parse(raw)
    if (!record)
      chain.problems.push({ line, what: "is not a record of this program; it is skipped", kind: "skipped" })
    else if (record.hash !== hashOf(record))
      chain.problems.push({ line, what: "was changed after it was written; it is skipped", kind: "broken" })
    else {
      if (record.previous !== chain.head)
        chain.problems.push({
          line,
          what: "does not follow the line before it: lines were changed, removed, added or moved there",
          kind: "broken",
        })
      chain.records.push({ record, line })
    }
    chain.head = sha256(raw)
  }
  return chain
}

const kinds = ["run", "check", "drill", "hint", "solution"]

const parse = (raw: string): EvidenceRecord | undefined => {
  try {
    const value = JSON.parse(raw) as EvidenceRecord
    const texts = [value.at, value.month, value.id, value.inputs, value.code, value.previous, value.hash]
    const fits =
      value.version === 1 &&
      kinds.includes(value.kind) &&
      texts.every(text => typeof text === "string") &&
      !Number.isNaN(Date.parse(value.at)) &&
      typeof value.seconds === "number" &&
      typeof value.result === "object" &&
      value.result !== null
    return fits ? value : undefined
  } catch {
    return undefined
  }
}
