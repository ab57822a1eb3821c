import fc from "fast-check"
import { expect, test } from "vitest"
import { windowSize, windowsOf } from "../../src/chunk/windows.ts"

test("the windows of a chunk hold its words in order, each after the context, none longer than the size", () => {
  const sentence = fc.lorem({ maxCount: 12 })
  fc.assert(
    fc.property(
      fc.array(sentence, { minLength: 1, maxLength: 30 }),
      fc.constantFrom("", "Title > Part"),
      (given, context) => {
        const text = given.join(" ")
        const windows = windowsOf({ text, context })
        const head = context === "" ? "" : `${context}\n\n`
        for (const window of windows) {
          expect(window.startsWith(head)).toBe(true)
          expect(window.length - head.length).toBeLessThanOrEqual(windowSize)
        }
        expect(windows.map(window => window.slice(head.length)).join(" ")).toBe(text)
      },
    ),
  )
})

test("comments, anchors and targets of links are not embedded", () => {
  expect(
    windowsOf({
      context: "",
      text: 'See <a id="x"></a>[the guide](./Guide.md "t").<!-- YAML\nadded: v1 -->',
    }),
  ).toEqual(["See  [the guide] ."])
})

test("a chunk of markup alone still has one window, for its headings", () => {
  expect(windowsOf({ context: "Title", text: "<!-- comment 1 -->" })).toEqual(["Title\n\n"])
})
