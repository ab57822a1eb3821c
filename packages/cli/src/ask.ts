import { createInterface } from "node:readline/promises"
import { RoadmapError } from "@roadmap/core/errors"
import type { CommandContext } from "./context.ts"

/**
 * Asks a yes-or-no question on a terminal: true for a yes, or when `yes` was given beforehand. A no is said back.
 * Throws USAGE where nobody can be asked, INTERRUPTED at Ctrl-C or the end of input.
 */
export const askFirst = async (
  context: CommandContext,
  question: string,
  yes: boolean | undefined,
): Promise<boolean> => {
  if (yes) return true
  if (context.json || !process.stdin.isTTY || !process.stderr.isTTY)
    throw new RoadmapError("USAGE", `${question} Nobody can be asked here.`, { hint: "Pass --yes." })
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: context.signal })
    if (/^y(es)?$/i.test(answer.trim())) return true
    process.stderr.write("Nothing was done.\n")
    return false
  } catch (error) {
    // The cursor still stands behind the question.
    process.stderr.write("\n")
    throw new RoadmapError("INTERRUPTED", "Nothing was done.", { cause: error })
  } finally {
    lines.close()
  }
}
