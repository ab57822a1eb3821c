import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { roadmap } from "../testing/command.ts"

const home = mkdtempSync(join(tmpdir(), "dashboard-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

test("shows the page and answers until a polite kill, and says where in one JSON document", async () => {
  const token = "sixteen-letters-or-more"
  const tokenFile = join(home, "token")
  writeFileSync(tokenFile, `${token}\n`)
  const seen: unknown[] = []
  const { code, stdout, stderr } = await roadmap(
    home,
    ["dashboard", "--lexical", "--port", "0", "--token-file", tokenFile, "--json"],
    {
      onStart(child) {
        child.stdout?.on("data", async text => {
          const { url } = JSON.parse(text)
          if (url === undefined) return
          seen.push((await (await fetch(url)).text()).includes("<title>Chat"))
          for (const authorization of [`Bearer ${token}`, "Bearer another"]) {
            const headers = { "content-type": "application/json", authorization }
            const body = JSON.stringify({ question: "How do I make fastify trust a proxy?" })
            const answer = await fetch(`${url}/v1/ask`, { method: "POST", headers, body })
            seen.push(answer.status, (await answer.text()).includes("trustProxy"))
          }
          child.kill("SIGTERM")
        })
      },
    },
  )
  expect(code, stdout + stderr).toBe(0)
  expect(seen).toEqual([true, 200, true, 401, false])
  expect(stderr).toContain("Stopping")
  expect(JSON.parse(stdout)).toMatchObject({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    notes: expect.arrayContaining([expect.stringContaining("Lexical search only")]),
  })
})

test("a wider binding without a token is refused before anything is served", async () => {
  const { code, stdout } = await roadmap(home, [
    "dashboard",
    "--lexical",
    "--host",
    "0.0.0.0",
    "--port",
    "0",
    "--json",
  ])
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "CONFIG_INVALID" } })
  expect(code).toBe(2)
})
