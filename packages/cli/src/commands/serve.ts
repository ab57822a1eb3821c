import { RoadmapError } from "@roadmap/core/errors"
import { openRegistry } from "@roadmap/model-registry/open"
import { textTable } from "@roadmap/report/table"
import { type RunningServer, startServer } from "@roadmap/serving/server"
import type { CommandContext } from "../context.ts"
import { aborted, type TokenFlags, tokenOf } from "../service.ts"

interface ServeFlags extends TokenFlags {
  port: number
  host: string
  tlsCert?: string
  tlsKey?: string
  predictionLog?: string | true
  threads?: number
  reloadSeconds: number
}

/**
 * `serve`: answers until Ctrl-C or a polite kill, then finishes the requests it has. With --json the
 * document with the address is printed when it listens.
 */
export const serve = async (
  context: CommandContext,
  given: readonly string[],
  flags: ServeFlags,
): Promise<number> => {
  const { config, signal } = context
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined))
    throw new RoadmapError("USAGE", "--tls-cert and --tls-key go together.", { hint: "Give both, or none." })
  const token = await tokenOf(flags)
  const models = given.length > 0 ? given : await champions(context)
  const server = await startServer(config, {
    models,
    host: flags.host,
    port: flags.port,
    reloadMs: flags.reloadSeconds * 1000,
    ...(token !== undefined && { tokens: { default: token } }),
    ...(flags.tlsCert && flags.tlsKey && { tls: { cert: flags.tlsCert, key: flags.tlsKey } }),
    ...(flags.threads !== undefined && { threads: flags.threads }),
    ...(flags.predictionLog !== undefined && {
      predictionLog: flags.predictionLog === true ? true : { folder: flags.predictionLog },
    }),
  })
  try {
    context.print({ url: server.url, pid: process.pid, models: server.models() }, () =>
      describe(context, server),
    )
    await aborted(signal)
  } finally {
    process.stderr.write("Stopping: the requests in work are finished.\n")
    await server.close()
  }
  return 0
}

const champions = async ({ config }: CommandContext): Promise<string[]> => {
  const registry = await openRegistry(config)
  try {
    const { items } = await registry.searchModels()
    const names = items.flatMap(({ name, aliases }) =>
      aliases.champion === undefined ? [] : [`${name}@champion`],
    )
    if (names.length > 0) return names
    throw new RoadmapError("NOT_FOUND", "No registered model has the alias champion.", {
      hint: "Run the lab that makes one: roadmap run feb",
    })
  } finally {
    await registry.close()
  }
}

const describe = ({ colors, columns }: CommandContext, { url, models }: RunningServer): string => {
  const table = textTable(
    {
      columns: [{ label: "model" }, { label: "serves" }, { label: "version", align: "right" }],
      rows: models().map(({ name, reference, version }) => [name, reference, String(version)]),
    },
    { width: columns },
  )
  return [`${colors.green("Serving")} on ${url}`, table, `Try it: ${url}/docs`].join("\n")
}
