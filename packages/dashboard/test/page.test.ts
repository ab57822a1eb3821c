import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { proxyScript, startSmall } from "@roadmap/assistant/testing/start-small"
import { expect, test } from "vitest"
import { startDashboard } from "../src/start.ts"

const folder = join(import.meta.dirname, "..", "page")

test("every file of the page is served with its type under a policy that lets nothing else run", async () => {
  await using server = await startSmall(() => proxyScript, {}, startDashboard)
  const names = readdirSync(folder).filter(name => name !== "tsconfig.json" && name !== "index.html")
  const types: Record<string, string> = { css: "text/css", js: "text/javascript", svg: "image/svg+xml" }
  for (const name of [...names, "colours.css"]) {
    const answer = await fetch(`${server.url}/page/${name}`)
    expect(answer.status, name).toBe(200)
    expect(answer.headers.get("content-type"), name).toContain(types[name.split(".").at(-1) ?? ""])
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff")
  }
  const page = await fetch(server.url)
  const policy = page.headers.get("content-security-policy") ?? ""
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toMatch(/unsafe|\*|data:|https?:/)
  const html = await page.text()
  expect(html).not.toMatch(/<script(?![^>]* src="\/page\/)|<style|\son\w+=|style="/)
})

test("a file that has not changed is not sent again; what is no file of the page is not there", async () => {
  await using server = await startSmall(() => proxyScript, {}, startDashboard)
  const first = await fetch(`${server.url}/page/app.js`)
  const etag = first.headers.get("etag") ?? ""
  const again = await fetch(`${server.url}/page/app.js`, { headers: { "if-none-match": etag } })
  expect(again.status).toBe(304)
  for (const path of [
    "/page/../package.json",
    "/page/%2e%2e/package.json",
    "/page/tsconfig.json",
    "/page/none.js",
  ])
    expect((await fetch(`${server.url}${path}`)).status, path).toBe(404)
})

test("the page's code never makes HTML of a text", () => {
  for (const name of readdirSync(folder).filter(each => each.endsWith(".js")))
    expect(readFileSync(join(folder, name), "utf8"), name).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function/,
    )
})
