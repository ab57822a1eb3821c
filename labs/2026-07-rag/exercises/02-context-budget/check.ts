import { defineCheck } from "@roadmap/labkit/exercises/check"
import { countTokens, type default as harness } from "./harness.ts"
import type { Request } from "./solution.ts"

const base: Request = {
  window: 60,
  reserve: 20,
  overhead: 3,
  system: "Answer from the documents alone.",
  question: "How do I trust a proxy?",
  passages: [],
  turns: [],
}

/** That many words of one token. */
const words = (count: number): string => Array.from({ length: count }, () => "one").join(" ")

export default defineCheck<ReturnType<typeof harness>>({
  answer: "fill",
  // By subsets: each decision is the whole sum again.
  reference: ({ window, reserve, overhead, system, question, passages, turns }) => {
    const total = (texts: readonly string[]) =>
      texts.reduce((sum, text) => sum + countTokens(text) + overhead, 0)
    const fits = (texts: readonly string[]) => total(texts) + reserve <= window
    const fixed = [system, question]
    const chosen = passages.reduce<number[]>((kept, _, i) => {
      const next = kept.concat(i)
      return fits([...fixed, ...next.map(at => passages[at])]) ? next : kept
    }, [])
    const inside = [...fixed, ...chosen.map(at => passages[at])]
    let from = turns.length
    while (from > 0 && fits([...inside, ...turns.slice(from - 1)])) from--
    return {
      passages: chosen,
      turns: turns.flatMap((_, i) => (i >= from ? [i] : [])),
      promptTokens: total([...inside, ...turns.slice(from)]),
    }
  },
  cases: ({ random }) => {
    const request = (): Request => ({
      ...base,
      window: 40 + random.integer(160),
      passages: Array.from({ length: random.integer(9) }, () => words(1 + random.integer(30))),
      turns: Array.from({ length: random.integer(9) }, () => words(1 + random.integer(12))),
    })
    return [
      {
        name: "two passages, of which one fits",
        args: [{ ...base, passages: [words(10), words(30)] }],
        because: "20 of the window's 60 tokens are the answer's.",
      },
      {
        name: "a passage that is too long, and a short one behind it",
        args: [{ ...base, passages: [words(50), words(8), words(2)] }],
        because: "what does not fit is left out; what comes after it may fit.",
      },
      {
        name: "a budget that is used up to the last token",
        args: [{ ...base, passages: [words(21)] }],
        because: "the sum may be the budget.",
      },
      {
        name: "one token more than that",
        args: [{ ...base, passages: [words(22)] }],
      },
      {
        name: "many short passages",
        args: [{ ...base, window: 80, passages: Array.from({ length: 20 }, () => "yes") }],
        because: "each message costs its overhead, however short it is.",
      },
      {
        name: "a passage of Greek, one of code and one of long words",
        args: [
          {
            ...base,
            window: 130,
            passages: [
              "Πού είναι η τεκμηρίωση;",
              "app.get('/', () => ({ a: [1, 2] }))",
              "incomprehensibilities",
            ],
          },
        ],
        because: "tokens are what `count` says; four letters each is a guess for English.",
      },
      {
        name: "six turns, and room for some",
        args: [{ ...base, turns: [2, 2, 2, 2, 2, 2].map(words) }],
        because: "the newest turns are what the question speaks of.",
      },
      {
        name: "a long turn among short ones",
        args: [{ ...base, window: 75, turns: [words(1), words(60), words(2), words(3)] }],
        because: "going on behind the turn that does not fit would leave a hole.",
      },
      {
        name: "passages and turns that want the same room",
        args: [{ ...base, passages: [words(12)], turns: [words(12), words(1)] }],
        because: "the passages come first: without them there is nothing to answer from.",
      },
      {
        name: "a question that is too long by itself",
        args: [{ ...base, question: words(60), passages: ["yes"] }],
        throws: /./,
      },
      { name: "nothing but the question", args: [base] },
      ...Array.from({ length: 12 }, (_, i) => ({
        name: `random request ${i + 1}`,
        args: [request()] as [Request],
      })),
    ]
  },
  mistakes: {
    "no-reserve": {
      message:
        "The window is filled with the prompt alone. Prompt and answer share it: the answer ends in mid sentence, with finish reason `length`, and nobody sees an error.",
    },
    "four-letters-a-token": {
      message:
        "Tokens are estimated as a quarter of the characters. That holds for English prose on average; code, numbers and other scripts need two to four times as many. Ask `count`.",
    },
    "no-overhead": {
      message:
        "Only the texts are counted. Each message also carries its role and separators: with many short messages that is most of the cost.",
    },
    "stops-at-the-first": {
      message:
        "Filling stops at the first passage that does not fit. One long passage at rank 1 then leaves the prompt empty, though the next would have fitted.",
    },
    "oldest-turns-first": {
      message:
        "The oldest turns are kept. What `it` in the question means was said in the newest ones: go backwards from the end.",
    },
    "holes-in-the-talk": {
      message:
        "A turn that does not fit is skipped and older ones are taken. The model reads an answer to a question that is not there: stop at the first that does not fit.",
    },
    "turns-before-passages": {
      message:
        "The conversation is filled in before the passages. After a long talk there is no room left for what the answer must rest on.",
    },
    "never-quite-full": {
      message: "A sum that equals the budget is refused: the comparison is < instead of <=.",
    },
    "silently-too-long": {
      message:
        "System and question do not fit, and the prompt is sent all the same. The provider refuses it with an error of its own, or cuts it: say so here, where it is known.",
    },
    "newest-turn-first": {
      message:
        "The turns stand in the prompt in the order in which they were looked at, newest first. A conversation is read forwards.",
    },
  },
  passed: "packages/llm does this for each model, with its own window and tokenizer.",
})
