import { execFileSync } from "node:child_process"
import { rmSync } from "node:fs"
import { afterEach, expect, test } from "vitest"
import { newHome, roadmap, testSample } from "./cli.ts"

let mounted: string | undefined
afterEach(() => {
  if (mounted === undefined) return
  execFileSync("umount", [mounted])
  rmSync(mounted, { recursive: true, force: true })
  mounted = undefined
})

const mount = (folder: string, ...options: string[]) =>
  execFileSync("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", folder])

/** From too small for the first table to nearly enough: the disk fills in different steps. */
test.runIf(process.getuid?.() === 0)(
  "a full disk stops the run with its code; with more space the same command finishes it",
  async () => {
    const run = (home: string) => roadmap(home, ["run", "feb", "--sample", testSample, "--json"])
    let refused = 0
    for (const megabytes of [1, 4, 8, 12]) {
      const home = newHome()
      mounted = home
      mount(home, `size=${megabytes}m`)
      const stopped = await run(home)
      if (stopped.code !== 0) {
        refused++
        const document = JSON.parse(stopped.stdout)
        const { code, hint } = document.error ?? document.labs[0].error
        expect(code, stopped.stdout).toBe("DISK_FULL")
        expect(hint).toMatch(/space/i)
      }
      mount(home, "remount", "size=400m")
      const next = await run(home)
      expect(next.code, next.stdout + next.stderr).toBe(0)
      execFileSync("umount", [home])
      rmSync(home, { recursive: true, force: true })
      mounted = undefined
    }
    expect(refused).toBeGreaterThanOrEqual(3)
  },
  300_000,
)
