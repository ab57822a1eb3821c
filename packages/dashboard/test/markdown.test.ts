import fc from "fast-check"
import { expect, test } from "vitest"
import { parseInline, parseMarkdown, plainText, safeUrl } from "../page/markdown.js"

test("HTML is text", () => {
  const html = '<script>alert(1)</script> <img src=x onerror="alert(1)"> <b>bold</b>'
  expect(parseMarkdown(html)).toEqual([{ kind: "paragraph", children: [{ kind: "text", text: html }] }])
})

test("links lead to http and https alone; of others the words stay", () => {
  expect(parseInline("[a](https://example.org/x)")).toEqual([
    { kind: "link", url: "https://example.org/x", children: [{ kind: "text", text: "a" }] },
  ])
  for (const url of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,<script>1</script>",
    "//evil.example",
    "file:///etc/passwd",
    "vbscript:x",
    "/relative",
    "https://",
  ])
    expect(
      parseInline(`[words](${url})`).some(({ kind }) => kind === "link"),
      url,
    ).toBe(false)
})

test("no text whatever becomes a link that runs something", () => {
  fc.assert(
    fc.property(fc.string(), text => {
      const url = safeUrl(text)
      expect(url === undefined || /^https?:\/\//.test(url)).toBe(true)
    }),
  )
})

test("markers are citations; indexes of arrays, code and links are not", () => {
  expect(parseInline("For example [1]:")[1]).toEqual({ kind: "citation", marker: 1 })
  expect(parseInline("Known. [1][2]").slice(1)).toEqual([
    { kind: "citation", marker: 1 },
    { kind: "citation", marker: 2 },
  ])
  for (const text of ["items[1]", "`[1]`", "[1](https://example.org)", "f()[0]"])
    expect(
      parseInline(text).some(({ kind }) => kind === "citation"),
      text,
    ).toBe(false)
})

test("code keeps its characters, fenced and inline", () => {
  const text = "```js\nconst a = `<b>` // **not strong** [1]\n\n  indented\n```\n\nThen ``a ` b``."
  expect(parseMarkdown(text)).toEqual([
    { kind: "code", language: "js", text: "const a = `<b>` // **not strong** [1]\n\n  indented" },
    {
      kind: "paragraph",
      children: [
        { kind: "text", text: "Then " },
        { kind: "code", text: "a ` b" },
        { kind: "text", text: "." },
      ],
    },
  ])
})

test("a fence that is still open while the answer streams is code already", () => {
  expect(parseMarkdown("```ts\nconst a")).toEqual([{ kind: "code", language: "ts", text: "const a" }])
})

test("lists nest, go on after empty lines, and end", () => {
  const paragraph = (text: string) => ({ kind: "paragraph", children: [{ kind: "text", text }] })
  const inner = { kind: "list", ordered: false, start: 1, items: [[paragraph("inner")]] }
  expect(parseMarkdown("1. one\n   - inner\n\n2. two\n\nAfter.")).toEqual([
    { kind: "list", ordered: true, start: 1, items: [[paragraph("one"), inner], [paragraph("two")]] },
    paragraph("After."),
  ])
})

test("tables, headings, quotes, rules, emphasis", () => {
  const blocks = parseMarkdown(
    "## Title\n\n| a | b |\n| - | :-: |\n| 1 \\| 2 | `x` |\n\n> said\n\n---\n\n**s** *e* _u_ a_b_c",
  )
  expect(blocks.map(({ kind }) => kind)).toEqual(["heading", "table", "quote", "rule", "paragraph"])
  expect(blocks[1]).toMatchObject({ rows: [[[{ text: "1 | 2" }], [{ kind: "code", text: "x" }]]] })
  const last = blocks[4]
  expect(last.kind === "paragraph" && last.children.map(({ kind }) => kind)).toEqual([
    "strong",
    "text",
    "emphasis",
    "text",
    "emphasis",
    "text",
  ])
})

test("the words of a text are its words, in one line", () => {
  expect(plainText("Use `level`, **not** [this](./x.md). [1]\n\n```js\na\n```\n- one\n- two")).toBe(
    "Use level, not this. [1] a one two",
  )
})

test("any text is parsed, and its letters and digits stay in their order", () => {
  const lettersOf = (text: string) => text.replace(/[^a-z0-9]/gi, "")
  const pieces = fc.constantFrom(
    "a",
    "b ",
    "1",
    "*",
    "**",
    "_",
    "`",
    "```\n",
    "\n",
    "\n\n",
    "- ",
    "> ",
    "# ",
    "|",
    " ",
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40 }), parts => {
      const text = parts.join("")
      // A language behind a fence is not shown, and a row of dashes and bars is a table's line.
      fc.pre(!/```[^\n]/.test(text) && !text.includes("|"))
      expect(lettersOf(plainText(text))).toBe(lettersOf(text))
    }),
  )
})

test("a thousand levels do not fill the stack", () => {
  expect(() => parseMarkdown(`${"> ".repeat(5_000)}deep`)).not.toThrow()
  expect(() => parseMarkdown(`${"**a ".repeat(5_000)}`)).not.toThrow()
  expect(() => parseMarkdown(`${"- ".repeat(5_000)}deep`)).not.toThrow()
})
