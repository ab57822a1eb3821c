import { relative } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { gate } from "@roadmap/labkit/author/gate"
import { scaffoldDrill, scaffoldExercise } from "@roadmap/labkit/author/scaffold"
import { findLabs, resolveMonth } from "@roadmap/labkit/catalog"
import { formatSeconds } from "@roadmap/report/format"
import type { CommandContext } from "../context.ts"
import { openLearning, select } from "../learning/catalog.ts"
import { indent, wrap } from "../learning/text.ts"

/** The gate over exercises and drills. Exit code 1 when something does not pass. */
export const authorCheck = async (context: CommandContext, word?: string): Promise<number> => {
  const { exercises, drills } = select(await openLearning(context), word, "both")
  if (exercises.length + drills.length === 0)
    throw new RoadmapError("NOT_FOUND", "There is nothing to check there.", {
      hint: "See: roadmap author new",
    })
  const results = await gate(context.root, { exercises, drills }, context.signal)
  context.print({ entries: results }, () => {
    const { bold, dim, green, red } = context.colors
    return results
      .map(({ id, problems, seconds }) => {
        const line = `${problems.length === 0 ? green("✔") : red("✖")} ${bold(id)} ${dim(formatSeconds(seconds))}`
        return [line, ...problems.map(problem => indent(wrap(`- ${problem}`, context.columns - 2), 2))].join(
          "\n",
        )
      })
      .join("\n")
  })
  return results.every(result => result.problems.length === 0) ? 0 : 1
}

/** Writes a small working exercise or drill. */
export const authorNew = async (
  context: CommandContext,
  kind: string,
  month: string,
  name: string,
): Promise<undefined> => {
  if (kind !== "exercise" && kind !== "drill") {
    const guess = nearest(kind, ["exercise", "drill"])
    throw new RoadmapError("USAGE", `"${kind}" is neither exercise nor drill.`, {
      hint: `Did you mean "${guess ?? "exercise"}"?`,
    })
  }
  const lab = resolveMonth(await findLabs(context.root), month)
  const folder = kind === "exercise" ? await scaffoldExercise(lab, name) : await scaffoldDrill(lab, name)
  context.print(
    { folder },
    () =>
      `${context.colors.green("✔")} ${relative(context.root, folder)}\n${context.colors.dim("See docs/authoring.md; then: roadmap author check")}`,
  )
  return undefined
}
