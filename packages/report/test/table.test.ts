import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type DataTable, markdownTable, textTable } from "../src/table.ts"
import { textWidth, truncateText } from "../src/text-width.ts"

const models: DataTable = {
  columns: [{ label: "Model" }, { label: "RMSE" }, { label: "Rows" }],
  rows: [
    ["boosting", 29.81, 2_400_000],
    ["ridge", 32.05, null],
  ],
}

describe("a table in a terminal", () => {
  test("puts words at the left and numbers at the right, with their points in line", () => {
    expect(textTable(models)).toBe(
      [
        "Model      RMSE       Rows",
        "────────  ─────  ─────────",
        "boosting  29.81  2,400,000",
        "ridge     32.05          –",
      ].join("\n"),
    )
  })

  test("cuts the longest words to the width and never a number", () => {
    const table = { ...models, rows: [["a very long name of a model indeed", 29.81, 2_400_000]] }
    const lines = textTable(table, { width: 30 }).split("\n")
    expect(lines.every(line => textWidth(line) <= 30)).toBe(true)
    expect(lines[2]).toContain("…")
    expect(lines[2]).toContain("2,400,000")
  })

  test("shows every digit of every number at any width", () => {
    const table = {
      columns: [{ label: "Name" }, { label: "Bytes" }],
      rows: [["some name", 1_234_567_890_123]],
    }
    for (let width = 1; width <= 40; width++)
      expect(textTable(table, { width })).toContain("1,234,567,890,123")
  })

  test("too wide for its numbers becomes one block a row", () => {
    const text = textTable(models, { width: 16 })
    expect(text).toContain("Rows   2,400,000")
    expect(text.split("\n\n")).toHaveLength(2)
  })

  test("counts wide letters as two columns", () => {
    const table = {
      columns: [{ label: "Airport" }, { label: "n" }],
      rows: [
        ["東京", 1],
        ["Oslo", 2],
      ],
    }
    const lines = textTable(table).split("\n")
    expect(new Set(lines.map(textWidth)).size).toBe(1)
  })

  test("a cell cannot send control characters to the terminal", () => {
    const table = { columns: [{ label: "x" }], rows: [["a\u001b[31mred\nline\u0007"]] }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(textTable(table)).not.toMatch(/[\x00-\x09\x0b-\x1f]/)
    expect(textTable(table).split("\n")).toHaveLength(3)
  })

  test("colours do not move the columns", () => {
    const painted = textTable(models, { paint: text => `<${text}>` })
    expect(painted).toContain("<boosting>  <29.81>  <2,400,000>")
  })

  test("of no rows is its heading", () => {
    expect(textTable({ columns: [{ label: "Model" }], rows: [] })).toBe("Model\n─────")
  })
})

describe("a Markdown table", () => {
  test("aligns its numbers and its source", () => {
    expect(markdownTable(models)).toBe(
      [
        "| Model    |  RMSE |      Rows |",
        "| -------- | ----: | --------: |",
        "| boosting | 29.81 | 2,400,000 |",
        "| ridge    | 32.05 |         – |",
      ].join("\n"),
    )
  })

  test("cells cannot end a cell, a row or begin HTML", () => {
    const table = { columns: [{ label: "a|b" }], rows: [["x | y\nz <script>"]] }
    const [head, , row, ...more] = markdownTable(table).split("\n")
    expect(head).toMatch(/^\| a\\\|b +\|$/)
    expect(row).toBe("| x \\| y z &lt;script> |")
    expect(more).toEqual([])
  })
})

describe("cutting text", () => {
  test("never passes the width and never splits a letter", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        const cut = truncateText(text, width)
        expect(textWidth(cut)).toBeLessThanOrEqual(Math.max(width, 1))
        if (textWidth(text) <= width) expect(cut).toBe(text)
      }),
    )
    expect(truncateText("👩‍👩‍👧 family", 4)).toBe("👩‍👩‍👧…")
  })
})
