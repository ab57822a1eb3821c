import { element } from "./dom.js"
import { openDocument } from "./passage.js"

/** @import { AnswerView, PassageView } from "@roadmap/assistant/ask/view" */
/** @import { Citation } from "@roadmap/rag/answer" */

/**
 * "Why this answer": the confidence, what was looked up, and the passages with the scores that put them in their order.
 *
 * @param {AnswerView} answer
 */
export const whyThisAnswer = answer => {
  const { confidence, passages, searchedFor, answeredBy, timings, status } = answer
  const cited = Map.groupBy(answer.citations, ({ chunkId }) => chunkId)
  const percent = percentOf(confidence)
  return element(
    "details",
    { class: "why" },
    element("summary", {}, status === "answered" ? "Why this answer" : "Why no answer"),
    element(
      "dl",
      {},
      ...pair(
        "Confidence",
        element("meter", { min: 0, max: 1, value: confidence, "aria-label": "Confidence" }, percent),
        ` ${percent} that these passages answer the question`,
      ),
      ...pair(
        "Answered by",
        answeredBy === "extractive" ? "extractive: sentences of the passages" : answeredBy,
      ),
      ...pair("Searched for", searchedFor.map(each => `“${each}”`).join(", ")),
      ...pair("Time", timesOf(timings)),
    ),
    passages.length > 0 && tableOf(passages, cited),
  )
}

/**
 * Nothing is sure: the ends of the scale are left open.
 *
 * @param {number} share
 */
const percentOf = share =>
  share >= 0.995 ? "over 99 %" : share < 0.005 ? "under 1 %" : `${Math.round(share * 100)} %`

/**
 * @param {string} term
 * @param {...(Node | string)} details
 */
const pair = (term, ...details) => [element("dt", {}, term), element("dd", {}, ...details)]

/**
 * Embedding the question and reranking are parts of retrieval.
 *
 * @param {Record<string, number>} timings
 */
const timesOf = ({ total, embed, rerank, ...stages }) => {
  const times = (/** @type {Record<string, number | undefined>} */ given) =>
    Object.entries(given)
      .filter(([, ms]) => ms !== undefined)
      .map(([stage, ms = 0]) => `${stage} ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`)
      .join(", ")
  const inside = times({ embed, rerank })
  const all = times(stages).replace(/retrieve [\d.]+ ms/, found => (inside ? `${found} (${inside})` : found))
  return `${times({ total })}: ${all}`
}

/**
 * @param {readonly PassageView[]} passages
 * @param {Map<string, Citation[]>} cited Citations by passage.
 */
const tableOf = (passages, cited) => {
  const ways = columns.filter(({ value }) => passages.some(({ scores }) => value(scores) !== undefined))
  return element(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": "Retrieved passages and their scores" },
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", { scope: "col" }, element("span", { class: "unseen" }, "Rank")),
          element("th", { scope: "col" }, "Passage"),
          ...ways.map(({ label, title }) => element("th", { scope: "col", class: "number", title }, label)),
          element("th", { scope: "col", class: "number" }, "Cited"),
        ),
      ),
      element(
        "tbody",
        {},
        ...passages.map((passage, index) => {
          const markers = cited.get(passage.chunkId)?.map(({ marker }) => `[${marker}]`)
          return element(
            "tr",
            markers === undefined ? {} : { class: "cited" },
            element("td", { class: "order" }, String(index + 1)),
            element(
              "th",
              { scope: "row" },
              element(
                "button",
                { type: "button", class: "source", click: () => openDocument(passage) },
                passage.headings.at(-1) ?? passage.title,
              ),
              element("span", { class: "place" }, passage.documentId),
            ),
            ...ways.map(({ value, rank }) => {
              const score = value(passage.scores)
              const at = rank?.(passage.scores)
              return element(
                "td",
                { class: "number" },
                score === undefined ? "–" : figure(score),
                at !== undefined && element("span", { class: "rank" }, `#${at}`),
              )
            }),
            element("td", { class: "number" }, markers?.join(" ") ?? "–"),
          )
        }),
      ),
    ),
  )
}

/** @typedef {PassageView["scores"]} Scores */

/** @type {{ label: string, title: string, value: (scores: Scores) => number | undefined, rank?: (scores: Scores) => number | undefined }[]} */
const columns = [
  {
    label: "BM25",
    title: "By words; # is the rank in that search",
    value: ({ bm25 }) => bm25,
    rank: ({ bm25Rank }) => bm25Rank,
  },
  {
    label: "Dense",
    title: "Cosine of the embeddings; # is the rank in that search",
    value: ({ dense }) => dense,
    rank: ({ denseRank }) => denseRank,
  },
  { label: "Fused", title: "Both searches together", value: ({ fused }) => fused },
  { label: "Reranked", title: "The order that counts", value: ({ rerank }) => rerank },
]

/** @param {number} score */
const figure = score => (Math.abs(score) >= 100 ? score.toFixed(0) : score.toPrecision(3))
