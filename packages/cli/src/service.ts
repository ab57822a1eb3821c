import { readFile } from "node:fs/promises"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"

/** How a command that serves is told its token. */
export interface TokenFlags {
  token?: string
  tokenFile?: string
}

/** The token, from where the flags say; undefined without any. Throws USAGE for both, FILE_MISSING and PERMISSION. */
export const tokenOf = async ({ token, tokenFile }: TokenFlags): Promise<string | undefined> => {
  if (tokenFile === undefined) return token
  if (token !== undefined)
    throw new RoadmapError("USAGE", "--token and --token-file are two ways to say one thing.", {
      hint: "Give one of them.",
    })
  try {
    return (await readFile(tokenFile, "utf8")).trim()
  } catch (error) {
    throw toRoadmapError(error)
  }
}

/** Resolves when the signal aborts: Ctrl-C or a polite kill. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    signal.addEventListener("abort", () => resolve(), { once: true })
  })
