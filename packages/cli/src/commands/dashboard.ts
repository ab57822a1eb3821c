import { spawn } from "node:child_process"
import type { AssistantServer } from "@roadmap/assistant/server"
import { startDashboard } from "@roadmap/dashboard/start"
import { checkBinding } from "@roadmap/serving/operate/tokens"
import type { CommandContext } from "../context.ts"
import { openProject } from "../project-assistant.ts"
import { aborted, type TokenFlags, tokenOf } from "../service.ts"

interface DashboardFlags extends TokenFlags {
  port: number
  host: string
  lexical?: boolean
  open?: boolean
}

/** Questions that the project's documents answer: one of each kind of source. */
const examples = [
  "How do I make fastify trust a proxy?",
  "How does undici retry a failed request?",
  "How do I redact secrets in pino's logs?",
  "Why is a time split better than a random split?",
]

/**
 * `dashboard`: the assistant's service with the chat page, until Ctrl-C or a polite kill; the answers in work are
 * finished then. With --json the document with the address is printed when it listens.
 */
export const dashboard = async (context: CommandContext, flags: DashboardFlags): Promise<number> => {
  const { config, signal } = context
  const token = await tokenOf(flags)
  // Before the documents are indexed, which may take minutes the first time.
  checkBinding(flags.host, token === undefined ? {} : { default: token })
  await using project = await openProject(context, flags)
  const { assistant, index, notes } = project
  const { documents } = await index.stats()
  const server = await startDashboard(config, {
    assistant,
    index,
    notes,
    examples,
    host: flags.host,
    port: flags.port,
    ...(token !== undefined && { token }),
  })
  try {
    const url = pageUrl(server)
    context.print({ url, pid: process.pid, documents, notes }, () => {
      const lines = [`${context.colors.green("Chat")} over ${documents} documents on ${url}`, ...notes]
      return lines.join("\n")
    })
    if (flags.open) openInBrowser(url)
    await aborted(signal)
  } finally {
    process.stderr.write("Stopping: the answers in work are finished.\n")
    await server.close()
  }
  return 0
}

/** What a browser on this machine opens: a server bound to every address is reached by the loopback one. */
const pageUrl = ({ url }: AssistantServer): string =>
  url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")

const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
}

/** The page is there all the same where no browser can be opened. */
const openInBrowser = (url: string): void => {
  const [command, ...args] = openers[process.platform] ?? ["xdg-open"]
  const child = spawn(command, [...args, url], { stdio: "ignore", detached: true })
  child.once("error", () => process.stderr.write(`No browser could be opened: open ${url} yourself.\n`))
  child.unref()
}
