import { createInterface } from "node:readline/promises"
import { RoadmapError } from "@roadmap/core/errors"
import type { CommandContext } from "./context.ts"

/** Asks a yes-or-no question on a terminal. Throws USAGE for a no, and where nobody can be asked. */
export const askFirst = async (
  context: CommandContext,
  question: string,
  yes: boolean | undefined,
): Promise<void> => {
  if (yes) return
  if (context.json || !process.stdin.isTTY || !process.stderr.isTTY)
    throw new RoadmapError("USAGE", `${question} Nobody can be asked here.`, { hint: "Pass --yes." })
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: context.signal })
    if (!/^y(es)?$/i.test(answer.trim())) throw new RoadmapError("USAGE", "Nothing was done.")
  } finally {
    lines.close()
  }
}
