import { isRoadmapError } from "@roadmap/core/errors"
import { describe, expect, test } from "vitest"
import { renderMarkdown } from "../src/page/markdown.ts"
import { type Page, renderPage } from "../src/page.ts"
import { lineChart } from "../src/plots/line-chart.ts"
import { samplePage } from "./sample-page.ts"

const page = (parts: Partial<Page>): Page => ({ title: "T", sections: [], generated: {}, ...parts })
const plot = (points: number, title = "P") => {
  const x = Array.from({ length: points }, (_, i) => i)
  return lineChart({ title, x: { label: "x" }, y: { label: "y" }, series: [{ label: "a", x, y: x }] })
}

describe("a page", () => {
  test("is one file under 400 kB that allows no script and no address", () => {
    const html = renderPage(samplePage())
    expect(Buffer.byteLength(html)).toBeLessThan(400_000)
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`)
    expect(html).not.toMatch(/<script|<iframe|<link rel="stylesheet"|@import|url\(|\ssrc=|\son[a-z]+=/i)
  })

  test("with the same data has the same bytes", () => {
    const one = page({ sections: [{ id: "a", title: "A", blocks: [plot(3)] }] })
    expect(renderPage(one)).toBe(renderPage(structuredClone(one)))
  })

  test("has every id once, even with one plot twice", () => {
    const sections = ["a", "b"].map(id => ({ id, title: id, blocks: [plot(3), plot(3, "A")] }))
    const ids = [...renderPage(page({ sections })).matchAll(/ id="([^"]+)"/g)].map(match => match[1])
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain("p-2-wide-title")
  })

  test("follows every plot with its data, and says when it is cut", () => {
    const html = renderPage(page({ sections: [{ id: "a", title: "A", blocks: [plot(300)] }] }))
    expect(html).toContain("<summary>Data, 300 rows</summary>")
    expect(html).toContain("The first 250 of 300 rows.")
    expect(html.match(/<tr>/g)).toHaveLength(251)
  })

  test("aligns numbers right, names rows, and marks the chosen one", () => {
    const table = {
      columns: [{ label: "Model" }, { label: "RMSE" }],
      rows: [
        ["ridge", 32.1],
        ["boosting", 29.8],
      ],
    }
    const html = renderPage(
      page({
        sections: [{ id: "a", title: "A", blocks: [{ kind: "table", caption: "C", table, highlight: [1] }] }],
      }),
    )
    expect(html).toContain(`<th scope="col" class="number">RMSE</th>`)
    expect(html).toContain(
      `<tr class="chosen"><th scope="row" class="brief">boosting</th><td class="number">29.8</td>`,
    )
  })

  test("without sections, summary or provenance is still a page", () => {
    expect(renderPage(page({}))).toMatch(/^<!doctype html>[\s\S]*<main id="content">[\s\S]*<\/html>\n$/)
  })

  test.each(["", "1st", "a b", 'x"y'])("refuses %j as a section id", id => {
    expect(() => renderPage(page({ sections: [{ id, title: "A", blocks: [] }] }))).toThrow(/cannot be the id/)
  })

  test("refuses a section id that is used twice, and a block it does not know", () => {
    const section = { id: "a", title: "A", blocks: [] }
    expect(() => renderPage(page({ sections: [section, section] }))).toThrow(/Two sections have the id "a"/)
    const blocks = JSON.parse('[{ "kind": "video" }]')
    const unknown = () => renderPage(page({ sections: [{ id: "a", title: "A", blocks }] }))
    expect(unknown).toThrow(/no block of kind "video"/)
    try {
      unknown()
    } catch (error) {
      expect(isRoadmapError(error, "INVALID_INPUT")).toBe(true)
    }
  })
})

test("every text of a page is escaped", () => {
  const evil = `"'><script>window.hacked = 1</script><img src=x onerror=hacked=1>&amp;`
  const table = { columns: [{ label: evil }, { label: "n" }], rows: [[evil, 1]] }
  const html = renderPage({
    title: evil,
    language: evil,
    subtitle: evil,
    summary: [{ label: evil, value: evil, note: evil }],
    sections: [
      {
        id: "a",
        title: evil,
        text: evil,
        blocks: [
          { ...plot(3, evil), id: evil, note: evil, description: evil },
          { kind: "table", caption: evil, table, note: evil },
          { kind: "list", items: [evil] },
          { kind: "callout", tone: "info", title: evil, text: evil },
          { kind: "code", code: evil, caption: evil },
          { kind: "text", text: `[${evil}](javascript:hacked=1) **${evil}** \`${evil}\`` },
        ],
      },
      { id: "b", title: evil, blocks: [] },
    ],
    generated: { [evil]: evil },
  })
  expect(html).not.toMatch(/<script|<img|href="javascript/)
  expect(html).toContain("&amp;amp;")
})

describe("the small Markdown", () => {
  test("has paragraphs, lists, emphasis, code and links", () => {
    expect(renderMarkdown("one **two** *three* `a*b*`\nfour\n\n- a\n- b\n\n1. x\n2. y")).toBe(
      "<p>one <strong>two</strong> <em>three</em> <code>a*b*</code> four</p>\n" +
        "<ul><li>a</li><li>b</li></ul>\n<ol><li>x</li><li>y</li></ol>",
    )
    expect(renderMarkdown("see [the *docs*](https://x.example/a_b?c=1&d=*2*)")).toBe(
      `<p>see <a href="https://x.example/a_b?c=1&amp;d=*2*">the <em>docs</em></a></p>`,
    )
  })

  test.each(["#models", "../index.html", "models.html#a:b", "/x"])("links to %s", address => {
    expect(renderMarkdown(`[a](${address})`)).toContain(`href="${address}"`)
  })

  test.each(["javascript:x", "data:text/html,x", "//x.example", "JaVaScRiPt:x", "vbscript:x"])(
    "shows a link to %s as text",
    address => {
      expect(renderMarkdown(`[a](${address})`)).toBe(`<p>[a](${address})</p>`)
    },
  )

  test("leaves arithmetic and lone stars alone", () => {
    expect(renderMarkdown("2 * 3 * 4 and a*b*c")).toBe("<p>2 * 3 * 4 and a*b*c</p>")
  })
})
