import { toRoadmapError } from "@roadmap/core/errors"

/** Runs a drill's command of its own: an error is one message, not a stack. */
export const command = async (work: () => Promise<string>): Promise<void> => {
  try {
    process.stdout.write(`${await work()}\n`)
  } catch (error) {
    const { code, message, hint } = toRoadmapError(error)
    process.stderr.write(`✖ ${code}: ${message}\n${hint ? `  ${hint}\n` : ""}`)
    process.exitCode = 1
  }
}
