import { RoadmapError } from "@roadmap/core/errors"
import { checkText } from "./limits.ts"

/**
 * Checks the name of an artifact: relative, forward slashes, no empty, "." or ".." part, no backslash or control
 * character, no "#" and no "%" before two hexadecimal digits (an MLflow server refuses the one and stores the other under the
 * decoded name), at most 500 characters. Throws PATH_OUTSIDE when it would leave the run's folder, else INVALID_INPUT.
 */
export const checkArtifactPath = (path: string): string => {
  checkText("The name of an artifact", path, 500)
  const parts = path.split("/")
  if (
    path.startsWith("/") ||
    /^[A-Za-z]:/.test(path) ||
    parts.includes("..") ||
    path.split("\\").includes("..")
  )
    throw new RoadmapError("PATH_OUTSIDE", `"${path}" is not a name inside the run's artifacts.`, {
      hint: "Use a relative name without '..'.",
    })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (parts.some(part => part === "" || part === ".") || /[\\#\u0000-\u001f]|%[0-9a-f]{2}/i.test(path))
    throw new RoadmapError("INVALID_INPUT", `"${path}" cannot be the name of an artifact.`, {
      hint: "Use names joined by single forward slashes, such as plots/residuals.svg.",
    })
  return path
}

export const damagedArtifact = (runId: string, path: string, cause?: unknown) =>
  new RoadmapError("FILE_CORRUPT", `Artifact "${path}" of run ${runId} is not what was logged.`, {
    hint: "It was changed or removed outside this program: log it again.",
    cause,
  })

export const clashingArtifact = (path: string, other: string) =>
  new RoadmapError("INVALID_INPUT", `"${path}" cannot be an artifact beside "${other}".`, {
    hint: "A name is a file or a folder, not both.",
  })

export const missingArtifact = (runId: string, path: string): never => {
  throw new RoadmapError("NOT_FOUND", `Run ${runId} has no artifact "${path}".`, {
    hint: "List them with listArtifacts.",
  })
}
