import { RoadmapError } from "@roadmap/core/errors"

/** Runs what listens on `port`. Throws START_FAILED when the port is taken or needs more rights. */
export const listening = async (start: () => Promise<string>, port: number): Promise<string> => {
  try {
    return await start()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code !== "EADDRINUSE" && code !== "EACCES") throw cause
    throw new RoadmapError(
      "START_FAILED",
      code === "EACCES" ? `Port ${port} needs more rights.` : `Port ${port} is taken by another program.`,
      { hint: "Choose another one with --port, or 0 for any free one.", cause },
    )
  }
}
