import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export {
  type CommandOptions,
  type Finished,
  roadmap,
  signalAt,
} from "../../../packages/cli/testing/command.ts"

export const newHome = (): string => mkdtempSync(join(tmpdir(), "roadmap-feb-"))

/** One flight in this many: the sample that the tests use. */
export const testSample = "40"
