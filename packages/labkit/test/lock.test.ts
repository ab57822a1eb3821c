import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { lockHome } from "../src/lock.ts"

const newHome = () => mkdtempSync(join(tmpdir(), "lock-"))

/** A process that holds the lock until it is killed. */
const holder = async (home: string) => {
  const script = `import { lockHome } from ${JSON.stringify(new URL("../src/lock.ts", import.meta.url).href)}
    globalThis.lock = lockHome(${JSON.stringify(home)}); console.log("locked"); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await once(child.stdout, "data")
  return child
}

test("a second process is refused and told who holds the home folder", async () => {
  const home = newHome()
  const child = await holder(home)
  try {
    expect(() => lockHome(home)).toThrow(
      expect.objectContaining({ code: "STATE_LOCKED", message: expect.stringContaining(`pid ${child.pid}`) }),
    )
  } finally {
    child.kill("SIGKILL")
    await once(child, "exit")
  }
})

test("a killed holder leaves the home folder free", async () => {
  const home = newHome()
  const child = await holder(home)
  child.kill("SIGKILL")
  await once(child, "exit")
  using lock = lockHome(home)
  expect(lock).toBeDefined()
})

test("the lock is free again after it was given back", () => {
  const home = newHome()
  lockHome(home)[Symbol.dispose]()
  lockHome(home)[Symbol.dispose]()
})

test("a foreign file in the lock's place is refused by name", () => {
  const home = newHome()
  writeFileSync(join(home, "run.lock"), "x".repeat(4096))
  expect(() => lockHome(home)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }))
})
