import { installPart, listParts, type Part, partOf } from "@roadmap/core/parts"
import { formatBytes, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"

export { installPart, listParts, type Part }

export interface SetupOptions {
  /** Folder that holds the files of a model, or the wheels with them: nothing is downloaded. */
  from?: string
}

/** `setup` lists the optional parts; `setup NAME` installs one, or says that it is there. */
export const setup = async (
  context: CommandContext,
  name: string | undefined,
  { from }: SetupOptions = {},
): Promise<undefined> => {
  if (name === undefined) {
    const parts = await listParts(context.root)
    context.print({ parts: parts.map(({ folder: _, ...part }) => part) }, () => describe(context, parts))
    return
  }
  const part = await partOf(context.root, name)
  const started = performance.now()
  const options = { signal: context.signal, say: (line: string) => process.stderr.write(`${line}\n`) }
  const status = part.model
    ? (
        await (
          await import("@roadmap/llm/neural/setup")
        ).setupNeural({ root: context.root, from, ...options })
      ).status
    : await installPart(context.root, part, options)
  const seconds = (performance.now() - started) / 1000
  context.print({ part: name, status, seconds }, () =>
    status === "present"
      ? `${context.colors.green("✔")} ${name} is installed.`
      : `${context.colors.green("✔")} ${name} is installed and starts (${formatSeconds(seconds)}).`,
  )
}

const describe = (context: CommandContext, parts: readonly Part[]): string =>
  textTable(
    {
      columns: [
        { label: "part" },
        { label: "installed" },
        { label: "download", align: "right" },
        { label: "on disk", align: "right" },
        { label: "what it is" },
      ],
      rows: parts.map(part => [
        part.name,
        part.installed ? "yes" : "no",
        formatBytes(part.downloadBytes),
        formatBytes(part.installedBytes),
        part.description,
      ]),
    },
    { width: context.columns },
  )
