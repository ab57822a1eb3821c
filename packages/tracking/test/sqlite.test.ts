import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { openTracking } from "../src/open.ts"
import { describeTrackingStore } from "../testing/contract.ts"

const home = mkdtempSync(join(tmpdir(), "tracking-"))
afterAll(() => rmSync(home, { recursive: true }))

describeTrackingStore("SQLite", () => openTracking({ home }))
