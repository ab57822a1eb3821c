import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { loadPartModule } from "../src/part-module.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "part-module-"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const load = (setup?: string) =>
  loadPartModule({
    part: "engine",
    folder,
    module: "motor",
    absent: "It needs engine.",
    ...(setup && { setup }),
  })
const install = (code: string) => {
  const place = join(folder, "node_modules", "motor")
  mkdirSync(place, { recursive: true })
  writeFileSync(join(place, "index.js"), code)
}

test("a module of a part is loaded from the part's own folder", () => {
  install("module.exports = { turns: 3 }")
  expect(load()).toEqual({ turns: 3 })
})

test("a part that is not installed is refused with what it is needed for and the command that installs it", () => {
  expect(() => load()).toThrow(
    expect.objectContaining({
      code: "PART_MISSING",
      message: "It needs engine.",
      hint: "Install it: npx -y pnpm@12 roadmap setup engine",
    }),
  )
  expect(() => load("car")).toThrow(
    expect.objectContaining({ hint: "Install it: npx -y pnpm@12 roadmap setup car" }),
  )
})

test("a module that does not start is refused with its own words", () => {
  install('throw new Error("no fuel")')
  expect(() => load()).toThrow(
    expect.objectContaining({
      code: "PART_MISSING",
      message: "The part engine (motor) does not start: no fuel",
    }),
  )
})
