import { findLabs } from "@roadmap/labkit/catalog"
import { createRecordStore } from "@roadmap/labkit/records"
import { formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"

export const list = async (context: CommandContext): Promise<undefined> => {
  const labs = await Promise.all(
    (await findLabs(context.root)).map(async lab => {
      const outcome = await createRecordStore(context.config.home, lab.month).readOutcome()
      return {
        month: lab.month,
        short: lab.short,
        name: lab.name,
        title: lab.title,
        status: outcome?.status ?? ("not-run" as const),
        seconds: outcome?.seconds,
        finishedAt: outcome?.finishedAt,
      }
    }),
  )
  context.print({ labs }, () =>
    textTable(
      {
        columns: [{ label: "month" }, { label: "title" }, { label: "last run" }],
        rows: labs.map(lab => [
          `${lab.short} ${lab.month}`,
          lab.title,
          lab.finishedAt
            ? `${lab.status}, ${lab.finishedAt.slice(0, 10)}, ${formatSeconds(lab.seconds ?? 0)}`
            : `not yet: roadmap run ${lab.short}`,
        ]),
      },
      { width: context.columns },
    ),
  )
  return undefined
}
