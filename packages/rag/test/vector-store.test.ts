import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { openVectorStore } from "../src/vector-store/open.ts"
import { describeVectorStore } from "../testing/contract.ts"

const home = mkdtempSync(join(tmpdir(), "vectors-"))
afterAll(() => rmSync(home, { recursive: true }))

describeVectorStore("embedded", options =>
  openVectorStore({}, { ...options, folder: join(home, options.name) }),
)
