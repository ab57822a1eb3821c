import { RoadmapError } from "@roadmap/core/errors"
import { renderBlock } from "./page/block-html.ts"
import type { Page, Section, SummaryItem } from "./page/blocks.ts"
import { renderInline, renderMarkdown } from "./page/markdown.ts"
import { pageStyle } from "./page/style.ts"
import { escapeText } from "./plots/svg.ts"

export type * from "./page/blocks.ts"

/** No scripts, no addresses: the page may only use the style and images it carries. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

/**
 * One HTML file that needs nothing else: no script, no network. The same page gives the same bytes.
 * Throws INVALID_INPUT for a section id that is not an id or is used twice.
 */
export const renderPage = (page: Page): string => {
  checkSections(page.sections)
  const used = new Map<string, number>(page.sections.map(section => [section.id, 1]))
  used.set("content", 1)
  const uniqueId = (wanted: string): string => {
    const count = (used.get(wanted) ?? 0) + 1
    used.set(wanted, count)
    return count === 1 ? wanted : uniqueId(`${wanted}-${count}`)
  }
  const contents = renderContents(page.sections)
  return `<!doctype html>
<html lang="${escapeText(page.language ?? "en")}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(page.title)}</title>
<link rel="icon" href="data:,">
<style>
${pageStyle}
</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="page">
<header>
<h1>${escapeText(page.title)}</h1>
${page.subtitle === undefined ? "" : `<p class="subtitle">${renderInline(page.subtitle)}</p>`}
${renderSummary(page.summary ?? [])}
</header>
${contents === "" ? "" : `<details class="contents fold"><summary>Contents</summary><nav aria-label="Contents">${contents}</nav></details>`}
${contents === "" ? "" : `<div class="contents side"><nav aria-label="Contents"><p class="label">Contents</p>${contents}</nav></div>`}
<main id="content">
${page.sections.map(section => renderSection(section, uniqueId)).join("\n")}
</main>
${renderFooter(page.generated)}
</div>
</body>
</html>
`
}

const checkSections = (sections: readonly Section[]): void => {
  const seen = new Set<string>()
  for (const { id } of sections) {
    if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(id))
      throw new RoadmapError("INVALID_INPUT", `"${id}" cannot be the id of a section.`, {
        hint: "Begin with a letter; use letters, digits and hyphens.",
      })
    if (seen.has(id)) throw new RoadmapError("INVALID_INPUT", `Two sections have the id "${id}".`)
    seen.add(id)
  }
}

const renderContents = (sections: readonly Section[]): string =>
  sections.length < 2
    ? ""
    : `<ol>${sections.map(({ id, title }) => `<li><a href="#${id}">${escapeText(title)}</a></li>`).join("")}</ol>`

const renderSummary = (items: readonly SummaryItem[]): string =>
  items.length === 0
    ? ""
    : `<dl class="facts">${items
        .map(
          ({ label, value, note }) =>
            `<div><dt>${escapeText(label)}</dt><dd>${escapeText(value)}</dd>` +
            `${note === undefined ? "" : `<dd class="note">${renderInline(note)}</dd>`}</div>`,
        )
        .join("\n")}</dl>`

const renderSection = (section: Section, uniqueId: (wanted: string) => string): string =>
  `<section id="${section.id}" aria-labelledby="${section.id}-heading">
<h2 id="${section.id}-heading">${escapeText(section.title)}</h2>
${renderMarkdown(section.text ?? "")}
${section.blocks.map(block => renderBlock(block, uniqueId)).join("\n")}
</section>`

const renderFooter = (generated: Page["generated"]): string => {
  const entries = Object.entries(generated)
  if (entries.length === 0) return ""
  const rows = entries.map(
    ([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(String(value))}</dd>`,
  )
  return `<footer><h2>How this page was made</h2><dl>${rows.join("\n")}</dl></footer>`
}
