import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { openRegistry } from "../src/open.ts"
import { describeModelRegistry } from "../testing/contract.ts"

const home = mkdtempSync(join(tmpdir(), "registry-"))
afterAll(() => rmSync(home, { recursive: true }))

describeModelRegistry("SQLite", async () => ({
  registry: await openRegistry({ home }),
  newRun: async () => randomUUID().replaceAll("-", ""),
}))
