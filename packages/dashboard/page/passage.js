import { readDocument } from "./api.js"
import { byId, element, fill } from "./dom.js"
import { safeUrl } from "./markdown.js"

/** @import { Citation } from "@roadmap/rag/answer" */
/** @import { PassageView } from "@roadmap/assistant/ask/view" */

/** A span of a document: a citation, or a passage that was found. @typedef {Pick<Citation, "documentId" | "uri" | "title" | "headings" | "start" | "end">} Span */

/** Characters around the quote in the card, and in the document's dialog. */
const around = { card: 160, dialog: 2_500 }

/** Milliseconds in which the pointer may go from the marker to the card. */
const graceMs = 180

/**
 * The card that shows a cited passage beside its marker, and the dialog with the document around it. The card follows
 * WCAG 2.2, 1.4.13: it stays while the pointer is on it, and Escape closes it.
 */
export const createPassage = () => {
  const card = byId("passage", HTMLElement)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let leaving
  /** @type {HTMLElement | undefined} */
  let shownBy

  const hide = () => {
    clearTimeout(leaving)
    const wasShown = !card.hidden
    card.hidden = true
    shownBy = undefined
    return wasShown
  }
  const stay = () => clearTimeout(leaving)
  const leave = () => {
    clearTimeout(leaving)
    leaving = setTimeout(hide, graceMs)
  }
  card.addEventListener("pointerenter", stay)
  card.addEventListener("pointerleave", leave)
  window.addEventListener("resize", hide)
  document.addEventListener("scroll", () => shownBy && place(card, shownBy), { passive: true })

  return {
    hide,
    /**
     * A button that shows the citation on hover and focus, and opens its document.
     *
     * @param {HTMLButtonElement} button
     * @param {Citation} citation
     * @param {PassageView | undefined} passage
     */
    attach(button, citation, passage) {
      const show = () => {
        stay()
        fill(card, ...cardOf(citation, passage))
        card.hidden = false
        shownBy = button
        place(card, button)
      }
      button.setAttribute("aria-describedby", card.id)
      button.addEventListener("pointerenter", ({ pointerType }) => pointerType !== "touch" && show())
      button.addEventListener("pointerleave", leave)
      button.addEventListener("focus", show)
      button.addEventListener("blur", leave)
      button.addEventListener("click", () => {
        hide()
        openDocument(citation)
      })
    },
  }
}

/**
 * @param {Citation} citation
 * @param {PassageView | undefined} passage
 */
const cardOf = (citation, passage) => {
  const { title, quote, start, end } = citation
  const headings = headingsBelow(citation)
  const inside = passage !== undefined && start >= passage.start && end <= passage.end
  const [before, after] = inside
    ? [passage.text.slice(0, start - passage.start), passage.text.slice(end - passage.start)]
    : ["", ""]
  const lead = inOneLine(before.split(codeFence).at(-1)).trimStart()
  const rest = inOneLine(after.split(codeFence)[0]).trimEnd()
  return [
    element("p", { class: "card-title" }, title),
    headings.length > 0 && element("p", { class: "place" }, headings.join(" › ")),
    element(
      "p",
      { class: "quote" },
      lead.length > around.card ? `…${lead.slice(-around.card)}` : lead,
      element("mark", {}, codeFence.test(quote) ? quote : inOneLine(quote)),
      rest.length > around.card ? `${rest.slice(0, around.card)}…` : rest,
    ),
  ]
}

/** A line that opens or closes a block of code: text of the other side reads badly without its line ends. */
const codeFence = /^\s*(?:```|~~~).*$/m

/** The lines of a source are as long as its author's screen was. */
const inOneLine = (text = "") => text.replace(/\s*\n\s*/g, " ")

/**
 * The headings over a span, without the first where it is the title again.
 *
 * @param {Pick<Span, "title" | "headings">} span
 */
export const headingsBelow = ({ title, headings }) => (headings[0] === title ? headings.slice(1) : headings)

/**
 * Under its marker, or above it where there is no room, inside the window.
 *
 * @param {HTMLElement} card
 * @param {HTMLElement} marker
 */
const place = (card, marker) => {
  const gap = 8
  const { left, top, bottom } = marker.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = card
  const room = document.documentElement.clientWidth - width - gap
  const below = bottom + gap + height <= window.innerHeight || top < height + gap
  card.style.left = `${Math.max(gap, Math.min(left - 24, room))}px`
  card.style.top = `${below ? bottom + gap : top - gap - height}px`
}

/**
 * Shows the document around a span, which is marked and in sight.
 *
 * @param {Span} span
 */
export const openDocument = async span => {
  const dialog = byId("document", HTMLDialogElement)
  const text = byId("document-text", HTMLElement)
  const link = safeUrl(span.uri)
  byId("document-title", HTMLElement).textContent = span.title
  fill(
    byId("document-place", HTMLElement),
    element("span", {}, headingsBelow(span).join(" › ")),
    link === undefined
      ? element("span", { class: "id" }, span.documentId)
      : element(
          "a",
          { class: "id", href: link, rel: "noopener noreferrer", target: "_blank" },
          span.documentId,
        ),
  )
  fill(text, element("p", { class: "quiet-text" }, "Reading the document…"))
  // Long texts are scrolled with the keyboard too.
  text.tabIndex = 0
  if (!dialog.open) dialog.showModal()
  try {
    const from = Math.max(0, span.start - around.dialog)
    const found = await readDocument(span.documentId, from, span.end + around.dialog)
    const mark = element("mark", {}, found.text.slice(span.start - found.start, span.end - found.start))
    fill(
      text,
      found.start > 0 && "…",
      found.text.slice(0, span.start - found.start),
      mark,
      found.text.slice(span.end - found.start),
      found.end < found.length && "…",
    )
    mark.scrollIntoView({ block: "center" })
  } catch (error) {
    fill(text, element("p", { class: "trouble" }, error instanceof Error ? error.message : String(error)))
  }
}
