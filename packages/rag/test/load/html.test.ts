import fc from "fast-check"
import { expect, test } from "vitest"
import { readHtml } from "../../src/load/html.ts"

const text = (html: string) => readHtml(html, "page.html").text

test("headings, paragraphs, lists, code and tables are kept as Markdown", () => {
  const html = `<h1>Server</h1><p>It is <b>fast</b>.<br>Very.</p>
    <h2>Options <a href="#x">#</a></h2>
    <ul><li>one</li><li><p>two</p><ol><li>inner</li></ol></li></ul>
    <pre><code class="language-js">const a = 1\n\nconst b = a &lt; 2\n</code></pre>
    <table><tr><th>name</th><th>value</th></tr><tr><td>a|b</td><td>1</td></tr></table>`
  expect(text(html)).toBe(
    [
      "# Server",
      "",
      "It is fast.",
      "Very.",
      "",
      "## Options",
      "",
      "- one",
      "- two",
      "   1. inner",
      "",
      "```js",
      "const a = 1",
      "",
      "const b = a < 2",
      "```",
      "",
      "| name | value |",
      "| --- | --- |",
      "| a\\|b | 1 |",
    ].join("\n"),
  )
})

test("scripts, styles, navigation, forms and hidden parts are dropped", () => {
  const html = `<body><nav>Home</nav><header>Top</header><script>alert("x")</script><style>p{}</style>
    <p hidden>secret one</p><p style="display: none">secret two</p><div aria-hidden="true">secret three</div>
    <form><input value="typed"><button>Send</button></form><p>Content.</p><footer>Bottom</footer></body>`
  expect(text(html)).toBe("Content.")
})

test("the main content is what <main> or the only <article> holds", () => {
  expect(text("<div>Menu</div><main><header>In</header><p>Main.</p></main><div>Ads</div>")).toBe(
    "In\n\nMain.",
  )
  expect(text("<div>Menu</div><article><p>Story.</p></article>")).toBe("Story.")
  expect(text("<article>One.</article><article>Two.</article>")).toBe("One.\n\nTwo.")
})

test("a code block that holds a fence gets a longer one", () => {
  expect(text("<pre>```\nx\n```</pre>")).toBe("````\n```\nx\n```\n````")
})

test("the title is <title>, else the first heading, else the file's name", () => {
  expect(readHtml("<title> A \n page </title><h1>H</h1>", "p.html").title).toBe("A page")
  expect(readHtml("<h1>H <i>1</i></h1>", "p.html").title).toBe("H 1")
  expect(readHtml("<p>x</p>", "docs/p.html").title).toBe("p")
})

test("a page nested a hundred thousand deep is read", () => {
  expect(text(`${"<div>".repeat(100_000)}deep`)).toBe("deep")
})

test("no markup brings what a script holds into the text", () => {
  const parts = fc.constantFrom(
    "<p>",
    "</p>",
    "<script>evil()",
    "</script>",
    "<li>",
    "<ul>",
    "<table>",
    "<td>",
    "<pre>",
    "<!--",
    "-->",
    "word",
    "<h2>",
    "&lt;",
    "<main>",
  )
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 40 }), markup => {
      expect(text(markup.join("")).includes("evil()")).toBe(false)
    }),
  )
})

test("a page of many small parts, of spaces, or of unclosed tags is read", () => {
  expect(text("<p>a b</p>".repeat(100_000)).length).toBe(100_000 * 5 - 2)
  expect(text(`<pre>x${" ".repeat(1_000_000)}y</pre>`).length).toBe(1_000_000 + 10)
  expect(text(`<p>x${" ".repeat(1_000_000)}y`)).toBe("x y")
  expect(text(`<h1>${"&lt;".repeat(200_000)}</h1>`).length).toBe(200_002)
})
