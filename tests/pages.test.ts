import { mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { expectedPages, fillRegions } from "../docs/pages.ts"

test("every snippet in the labs' pages is the tested code it names", () => {
  const noRuns = mkdtempSync(join(tmpdir(), "pages-"))
  for (const { path, content } of expectedPages(noRuns))
    expect(readFileSync(path, "utf8"), path).toBe(content)
})

test("a region fills its block without its indentation, and a missing one is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "pages-"))
  writeFileSync(join(folder, "a.ts"), "if (x) {\n  // #region call\n  f(\n    1,\n  )\n  // #endregion\n}\n")
  const page = (name: string) => `<!-- region: a.ts#${name} -->\n\`\`\`ts\nold\n\`\`\`\n`
  expect(fillRegions(page("call"), folder)).toBe(page("call").replace("old", "f(\n  1,\n)"))
  expect(() => fillRegions(page("gone"), folder)).toThrow(/no region "gone"/)
})
