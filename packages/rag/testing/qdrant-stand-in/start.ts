import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { RoadmapError } from "@roadmap/core/errors"
import { preparePython } from "@roadmap/services/python"

export interface QdrantStandIn extends AsyncDisposable {
  readonly url: string
  readonly pid: number
}

/**
 * Starts the stand-in for a Qdrant server (see server.py) and installs its engine when it is missing. Throws START_FAILED, and
 * what preparePython throws.
 */
export const startQdrantStandIn = async (options: {
  /** Folder of the collections. */
  folder: string
  /** Folder of installed packages. */
  installFolder: string
  apiKey?: string
  onProgress?: (line: string) => void
}): Promise<QdrantStandIn> => {
  const { python } = await preparePython({
    requirements: { lockFile: join(import.meta.dirname, "requirements.txt") },
    folder: options.installFolder,
    purpose: "the stand-in for Qdrant",
    ...(options.onProgress && { onProgress: options.onProgress }),
  })
  const args = [join(import.meta.dirname, "server.py"), options.folder, options.apiKey ?? ""]
  const child = spawn(python, args, { stdio: ["ignore", "pipe", "inherit"] })
  const closed = once(child, "close")
  const port = await Promise.race([
    once(createInterface({ input: child.stdout }), "line").then(([line]) => Number(line)),
    closed.then(([code]) => {
      throw new RoadmapError("START_FAILED", `The stand-in for Qdrant ended with ${code}.`)
    }),
  ])
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      child.kill("SIGINT")
      await closed
    },
  }
}
