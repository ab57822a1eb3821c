import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { followLogs, logFiles, readTail } from "@roadmap/services/logs"
import type { CommandContext } from "../context.ts"
import { allNames, namesOf } from "./services.ts"

interface Log {
  service: string
  role: string
  path: string
}

/** `services logs`: the last lines of each log, then, with `follow`, new ones until Ctrl-C, which is then no failure. */
export const servicesLogs = async (
  context: CommandContext,
  given: readonly string[],
  flags: { lines: number; follow?: boolean },
): Promise<number | undefined> => {
  if (flags.follow && context.json)
    throw new RoadmapError("USAGE", "--follow has no end, and --json prints one document.", {
      hint: "Give one of them.",
    })
  const names = given.length > 0 ? namesOf(given) : allNames()
  const logs: Log[] = []
  for (const service of names)
    for (const file of await logFiles(join(context.config.home, "services", service)))
      logs.push({ service, ...file })
  if (logs.length === 0)
    throw new RoadmapError(
      "NOT_FOUND",
      `No log of ${given.length > 0 ? names.join(", ") : "any service"} yet.`,
      {
        hint: `Start it: roadmap services up ${names[0]}`,
      },
    )
  const tails = logs.map(log => readTail(log.path, flags.lines))
  context.print({ logs: logs.map((log, i) => ({ ...log, lines: tails[i].lines })) }, () =>
    logs.map((log, i) => [context.colors.bold(titleOf(log)), ...tails[i].lines].join("\n")).join("\n\n"),
  )
  if (!flags.follow) return
  const titles = new Map(logs.map(log => [log.path, titleOf(log)]))
  const followed = logs.map(({ path }, i) => ({ path, from: tails[i].end }))
  for await (const { path, line } of followLogs(followed, context.signal))
    process.stdout.write(`${context.colors.dim(titles.get(path)!)} ${line}\n`)
  return 0
}

const titleOf = ({ service, role }: Log): string => `${service}/${role}`
