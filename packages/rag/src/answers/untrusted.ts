import { sentenceSpans } from "./sentences.ts"

/*
 * Documents are data. What in them speaks to a model instead of to a reader is never taken into an answer, and what looks
 * like the marks of a chat is broken before a model sees it.
 */

const orders = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|all|any|your|system)\b.{0,30}\b(?:instructions?|prompts?|rules|messages?|context)\b/i,
  /\byou are (?:now (?:an?|the|in|called|acting|free|allowed|dan)\b|no longer (?:an?|the|bound|allowed|restricted)\b)/i,
  /\b(?:dear|attention|note to|instructions? (?:to|for)) (?:the )?(?:ai|llm|language model|assistant|chatbot|model)\b/i,
  /\b(?:reveal|print|repeat|output|leak)\b.{0,30}\b(?:system prompt|your (?:prompt|instructions)|hidden (?:prompt|instructions))/i,
  /\b(?:when|if) (?:asked|answering|you answer|the user asks)\b.{0,80}\b(?:say|answer|reply|respond|tell|recommend|include|send)\b/i,
  /\b(?:as an? (?:ai|assistant|language model))\b.{0,40}\b(?:must|should|always|never|say|answer)\b/i,
]

const roleMarks = /<\|[^|<>]{1,40}\|>|<\/?(?:system|assistant|user|instructions?)>|\[\/?INST\]|<<\/?SYS>>/gi
const roleLines = /^(\s*(?:#{1,6}\s*)?(?:\*\*)?)(system|assistant|user|developer|tool)((?:\*\*)?\s*:)/gim

/** Whether a sentence gives orders to a model. */
export const addressesAssistant = (text: string): boolean =>
  orders.some(order => order.test(text)) || text.search(roleMarks) >= 0

const leavingDocuments =
  /\b(?:ignore|disregard|forget)\b.{0,20}\b(?:documents?|documentation|sources|passages|context)\b/i

/** What is left of a question without the sentences that give orders to the answerer; empty when nothing is. */
export const withoutOrders = (question: string): string =>
  sentenceSpans(question)
    .map(([from, to]) => question.slice(from, to))
    .filter(sentence => !addressesAssistant(sentence) && !leavingDocuments.test(sentence))
    .join("")
    .trim()

/** A passage whose marks of roles and turns no longer are any. The reader of the passage loses nothing. */
export const neutralised = (text: string): string =>
  text
    .replace(roleMarks, mark => mark.replace(/[<>|[\]]/g, character => lookalikes[character] ?? character))
    .replace(roleLines, "$1“$2”$3")

const lookalikes: Record<string, string> = { "<": "‹", ">": "›", "|": "¦", "[": "⟦", "]": "⟧" }

const urls = /\b(?:https?|ftp|wss?|data|javascript|file|mailto):[^\s<>"'`)\]]+|\bwww\.[^\s<>"'`)\]]+/gi

/** Addresses in a text, without the punctuation behind them. */
export const addressesIn = (text: string): string[] =>
  Array.from(text.matchAll(urls), ([url]) => url.replace(/[.,;:!?]+$/, ""))
