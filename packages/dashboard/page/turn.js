import { element, fill } from "./dom.js"
import { plainText } from "./markdown.js"
import { headingsBelow, openDocument } from "./passage.js"
import { renderMarkdown } from "./render-markdown.js"
import { whyThisAnswer } from "./why.js"

/** @import { AnswerView, PassageView } from "@roadmap/assistant/ask/view" */
/** @import { Citation } from "@roadmap/rag/answer" */
/** @import { Failure } from "./api.js" */
/** @import { createPassage } from "./passage.js" */

/** Passages that a declined answer names as the nearest. */
const nearestPassages = 3

let turns = 0

/**
 * One question and its answer on the page.
 *
 * @param {string} question
 * @param {{ source: string } | undefined} filter
 * @param {{ passage: ReturnType<typeof createPassage>, retry: () => void }} tools
 */
export const createTurn = (question, filter, { passage, retry }) => {
  const id = `question-${++turns}`
  const state = element("p", { class: "state" }, "Looking for passages…")
  const prose = element("div", { class: "prose" })
  const after = element("div", { class: "after" })
  const answer = element("div", { class: "answer", "aria-busy": "true" }, state, prose, after)
  const article = element(
    "article",
    { class: "turn", "aria-labelledby": id },
    element(
      "div",
      { class: "asked" },
      element("h2", { class: "question", id }, question),
      filter && element("p", { class: "place" }, `in ${filter.source}`),
    ),
    answer,
  )
  let text = ""
  /** @type {Map<number, Citation>} */
  const citations = new Map()
  /** @type {Map<string, PassageView>} */
  let passages = new Map()
  let drawing = 0

  const draw = () => {
    drawing = 0
    fill(prose, ...renderMarkdown(text, citationButton))
  }
  const drawSoon = () => {
    drawing ||= requestAnimationFrame(draw)
  }
  const drawNow = () => {
    cancelAnimationFrame(drawing)
    draw()
  }
  /** @param {number} marker */
  const citationButton = marker => {
    const citation = citations.get(marker)
    if (citation === undefined) return undefined
    const button = element(
      "button",
      { type: "button", class: "citation", "aria-label": `Source ${marker}: ${citation.title}` },
      String(marker),
    )
    passage.attach(button, citation, passages.get(citation.chunkId))
    return button
  }
  /** @param {string} [kind] */
  const end = kind => {
    drawNow()
    answer.removeAttribute("aria-busy")
    state.remove()
    if (kind !== undefined) answer.classList.add(kind)
  }
  const retryButton = () => element("button", { type: "button", class: "quiet", click: retry }, "Ask again")

  return {
    element: article,
    /** @param {number} count */
    showPassages(count) {
      state.textContent = count === 0 ? "No passage was found." : `Reading ${count} passages…`
    },
    /** @param {string} piece */
    addText(piece) {
      if (text === "") state.textContent = "Answering…"
      text += piece
      drawSoon()
    },
    /** @param {Citation} citation */
    addCitation(citation) {
      citations.set(citation.marker, citation)
      drawSoon()
    },
    /** @param {AnswerView} result */
    finish(result) {
      text = result.text
      passages = new Map(result.passages.map(each => [each.chunkId, each]))
      for (const citation of result.citations) citations.set(citation.marker, citation)
      const declined = result.status === "declined"
      end(declined ? "declined" : undefined)
      if (declined) prose.prepend(element("p", { class: "verdict" }, "The documents do not answer this"))
      fill(
        after,
        result.error && troubleOf(result.error),
        // A failure's notes say the same once more.
        ...(result.error ? [] : result.notes).map(note => element("p", { class: "note" }, note)),
        !declined && sourcesOf(result.citations),
        declined && nearestOf(result.passages),
        whyThisAnswer(result),
        result.error?.retryable && retryButton(),
      )
    },
    stopped() {
      end("cut")
      fill(after, element("p", { class: "note" }, "Stopped before the answer was whole."), retryButton())
    },
    /** @param {Failure} failure */
    fail(failure) {
      end("cut")
      fill(after, troubleOf(failure), retryButton())
    },
  }
}

/** @param {{ code: string, message: string, hint?: string }} failure */
const troubleOf = ({ code, message, hint }) =>
  element(
    "div",
    { class: "failure" },
    element("p", {}, element("strong", {}, message)),
    hint !== undefined && element("p", {}, hint),
    element("p", { class: "place" }, code),
  )

/** @param {readonly Citation[]} citations */
const sourcesOf = citations => {
  if (citations.length === 0) return undefined
  return element(
    "div",
    { class: "sources" },
    element("h3", {}, "Sources"),
    element(
      "ol",
      {},
      ...citations.map(citation =>
        element(
          "li",
          { value: citation.marker },
          placeButton(citation, sourceName(citation.documentId)),
          element("p", { class: "excerpt" }, plainText(citation.quote).slice(0, 200)),
        ),
      ),
    ),
  )
}

/** @param {readonly PassageView[]} passages */
const nearestOf = passages => {
  if (passages.length === 0) return undefined
  return element(
    "div",
    { class: "sources" },
    element("h3", {}, "Nearest passages, which do not answer it"),
    element(
      "ul",
      {},
      ...passages.slice(0, nearestPassages).map(each => element("li", {}, placeButton(each, each.source))),
    ),
  )
}

/**
 * @param {Citation | PassageView} span
 * @param {string} source
 */
const placeButton = (span, source) =>
  element(
    "button",
    { type: "button", class: "source named", click: () => openDocument(span) },
    element("span", { class: "source-name" }, source),
    " ",
    element("span", { class: "source-place" }, [span.title, ...headingsBelow(span)].join(" › ")),
  )

/** @param {string} documentId */
const sourceName = documentId => documentId.split("/")[0]
