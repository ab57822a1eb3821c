import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { cellsOf, codeOf, fencedCode, readingText } from "../../src/answers/reading-text.ts"
import { sentenceSpans } from "../../src/answers/sentences.ts"
import { splitUnits } from "../../src/answers/units.ts"
import { loggingPage, serverPage } from "./documents.ts"

const texts = (markdown: string) => splitUnits(markdown).map(unit => unit.text)
const sentences = (text: string) => sentenceSpans(text).map(([from, to]) => text.slice(from, to).trim())

describe("sentences", () => {
  test("end at a full stop, not at an abbreviation, a version or a number", () => {
    expect(
      sentences("Use a pool, e.g. Undici's. It costs 1.5 MB (approx. 3 %). Version 5.12.8 is out! Really?"),
    ).toEqual([
      "Use a pool, e.g. Undici's.",
      "It costs 1.5 MB (approx. 3 %).",
      "Version 5.12.8 is out!",
      "Really?",
    ])
  })

  test("are not cut inside code or a link's address", () => {
    expect(sentences("Call `a.b. C()` first. Then see [it](https://x.y/a.B). Done.")).toEqual([
      "Call `a.b. C()` first.",
      "Then see [it](https://x.y/a.B).",
      "Done.",
    ])
  })

  test("cover any text without a gap", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "B", ".", " ", "!", "`", "1", "(", "\n"), maxLength: 60 }),
        text => {
          const spans = sentenceSpans(text)
          for (const [i, [from]] of spans.entries()) expect(from).toBe(i === 0 ? 0 : spans[i - 1][1])
          expect(text.slice(spans.at(-1)?.[1] ?? 0).trim()).toBe("")
        },
      ),
    )
  })
})

describe("the units of a passage", () => {
  test("are its sentences, list items, rows and snippets below their headings", () => {
    const units = splitUnits(serverPage.text)
    expect(units.find(unit => unit.kind === "code")).toMatchObject({
      heading: "`trustProxy`",
      text: "```js\nconst server = createServer({ trustProxy: true })\n```",
    })
    expect(units.filter(unit => unit.kind === "item").map(unit => unit.text)).toEqual([
      "Default: `false`",
      "`true`: every proxy is trusted.",
      "Default: `1048576` (1 MiB)",
    ])
    expect(texts(serverPage.text)).toContain(
      "When `trustProxy` is on, the shop server knows that it sits behind a proxy, and reads the client's address from the `X-Forwarded-For` header.",
    )
  })

  test("of a table are its rows, which know the table's head", () => {
    const rows = splitUnits(loggingPage.text).filter(unit => unit.kind === "row")
    expect(rows.map(row => row.text)).toEqual([
      "| trace | 10     | finest details |",
      "| debug | 20     | for developers |",
      "| fatal | 60     | the process ends |",
    ])
    expect(rows[0].head).toBe("| level | number | meaning |\n| ----- | ------ | ------- |")
  })

  test("of a table that was cut from its head are its cells", () => {
    expect(texts("| `debug` | 20 |\n| fatal | a \\| b |")).toEqual(["`debug` · 20", "fatal · a | b"])
  })

  test("are neither headings nor anchors, comments, link definitions and tables of contents", () => {
    expect(
      texts("# Title\n<a id=x></a>\n<!-- a\nb -->\n[x]: http://y\n- [part](#part)\n\n---\n\nSaid."),
    ).toEqual(["Said."])
  })

  test("keep a fence inside a longer fence, and a fence that never closes", () => {
    expect(texts("````md\n```js\nx\n```\n````")).toEqual(["````md\n```js\nx\n```\n````"])
    expect(texts("Look:\n```js\nx\ny")).toEqual(["Look:", "```js\nx\ny"])
  })

  test("lie in order at their places in any text", () => {
    const line = fc.constantFrom(
      "# H",
      "- item one. Two.",
      "text. More",
      "```",
      "| a | b |",
      "|---|---|",
      "",
      "    code",
      "<!-- c",
      "-->",
      "> quote",
      "1. x",
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), lines => {
        const text = lines.join("\n")
        let end = 0
        for (const unit of splitUnits(text)) {
          expect(unit.start).toBeGreaterThanOrEqual(end)
          expect(unit.end).toBeGreaterThan(unit.start)
          expect(text.slice(unit.start, unit.end).trim()).toBe(text.slice(unit.start, unit.end))
          end = unit.end
        }
        expect(end).toBeLessThanOrEqual(text.length)
      }),
    )
  })
})

describe("reading text", () => {
  test.each([
    ["[`ready`](#ready) and [it][x]", "`ready` and it"],
    ["**Default:**\n    `300e3`. Use `0` to stop.", "Default: `300e3`. Use `0` to stop."],
    ["<b>bold</b> &amp; _slanted_ *too* ![logo](a.png)", "bold & slanted too"],
    ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
    ["`a **b** [c](d)`", "`a **b** [c](d)`"],
    ["> [!NOTE]\n> Take care.", "Take care."],
    ["see [a (b)](http://x/y_(z)) now", "see a (b) now"],
  ])("of %j is %j", (markdown, plain) => {
    expect(readingText(markdown)).toBe(plain)
  })

  test("of code is the code, in a fence that nothing inside closes", () => {
    const block = codeOf("    ~~~md\n    ```js\n      x\n    ```\n    ~~~")
    expect(block).toEqual({ language: "md", code: "```js\n  x\n```" })
    expect(fencedCode(block)).toBe("````md\n```js\n  x\n```\n````")
  })

  test("cells end at bars, not at those in code", () => {
    expect(cellsOf("| a `x|y` | b \\| c |")).toEqual(["a `x|y`", "b \\| c"])
  })
})
