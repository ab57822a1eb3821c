import { RoadmapError } from "@roadmap/core/errors"
import { checkText } from "./limits.ts"

/**
 * Checks the name of an artifact: relative, forward slashes, no empty, "." or ".." part, no backslash or control
 * character, at most 500 characters. Throws PATH_OUTSIDE when it would leave the run's folder, else INVALID_INPUT.
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
  if (parts.some(part => part === "" || part === ".") || /[\\\u0000-\u001f]/.test(path))
    throw new RoadmapError("INVALID_INPUT", `"${path}" cannot be the name of an artifact.`, {
      hint: "Use names joined by single forward slashes, such as plots/residuals.svg.",
    })
  return path
}
