import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Claim, Verified, verify } from "./solution.ts"

const server =
  "Use trustProxy: true behind a proxy. A proxy adds X-Forwarded-For. Without a proxy, leave trustProxy: true out."
const agent = "An Agent keeps connections. A proxy needs a ProxyAgent."
const documents = { server, agent }

const claim = (
  sentence: string,
  ...citations: [document: string, quote: string, start: number][]
): Claim => ({
  sentence,
  citations: citations.map(([document, quote, start]) => ({ document, quote, start })),
})

export default defineCheck<typeof verify>({
  answer: "verify",
  // Every place of a document is tried, nearest first.
  reference: (claims, texts) => {
    const known = new Map(Object.entries(texts))
    const citations: Verified["citations"] = []
    const kept = claims.flatMap(({ sentence, citations: given }) => {
      const markers = given.flatMap(({ document, quote, start }) => {
        const text = known.get(document) ?? ""
        const places = [...text].map((_, at) => at).filter(at => quote && text.startsWith(quote, at))
        const [place] = places.sort((a, b) => Math.abs(a - start) - Math.abs(b - start) || a - b)
        if (place === undefined) return []
        const key = JSON.stringify([document, place, place + quote.length])
        const keys = citations.map(each => JSON.stringify([each.document, each.start, each.end]))
        const there = keys.indexOf(key)
        if (there >= 0) return [there + 1]
        citations.push({ marker: citations.length + 1, document, start: place, end: place + quote.length })
        return [citations.length]
      })
      return markers.length === 0 ? [] : [`${sentence} [${[...new Set(markers)].join("][")}]`]
    })
    return { status: kept.length > 0 ? "answered" : "declined", text: kept.join(" "), citations }
  },
  cases: ({ random }) => {
    const names = ["server", "agent", "hooks"]
    const quotes = ["proxy", "A proxy", "trustProxy: true", "TLS", "An Agent", "", "Proxy"]
    const answer = (count: number): Claim[] =>
      Array.from({ length: count }, (_, i) =>
        claim(
          `Claim ${i}.`,
          ...Array.from(
            { length: random.integer(4) },
            () =>
              [
                names[random.integer(names.length)],
                quotes[random.integer(quotes.length)],
                random.integer(120) - 5,
              ] as [string, string, number],
          ),
        ),
      )
    return [
      {
        name: "a citation that is nearly right, and one that is made up",
        args: [
          [
            claim("Set trustProxy.", ["server", "trustProxy: true", 3]),
            claim("TLS is not needed.", ["server", "no TLS", 0]),
          ],
          documents,
        ],
        expect: {
          status: "answered",
          text: "Set trustProxy. [1]",
          citations: [{ marker: 1, document: "server", start: 4, end: 20 }],
        },
      },
      {
        name: "nothing but inventions",
        args: [[claim("It is Lima.", ["server", "Lima", 0]), claim("Surely.")], documents],
        expect: { status: "declined", text: "", citations: [] },
      },
      {
        name: "a quote of another document",
        args: [[claim("It keeps connections.", ["server", "An Agent keeps connections", 0])], documents],
        because: "it stands in agent, and the citation says server: a reader who looks there finds nothing.",
      },
      {
        name: "a document that is not there",
        args: [[claim("So it is.", ["security", "A proxy", 0])], documents],
      },
      {
        name: "a quote that occurs often",
        args: [
          [
            claim("Late.", ["server", "proxy", server.lastIndexOf("proxy")]),
            claim("Early.", ["server", "proxy", 0]),
          ],
          documents,
        ],
        because: "which of the places was meant is said by start.",
      },
      {
        name: "a start beside one place, nearer to the next",
        args: [[claim("Near.", ["server", "A proxy", 36])], documents],
      },
      {
        name: "a start in the middle between two places",
        args: [[claim("Between.", ["mid", "ab", 3])], { mid: "ab--  ab" }],
        expect: {
          status: "answered",
          text: "Between. [1]",
          citations: [{ marker: 1, document: "mid", start: 0, end: 2 }],
        },
      },
      {
        name: "a quote of nothing",
        args: [[claim("Anything.", ["server", "", 5])], documents],
        because: "the empty text stands in every document, and supports nothing.",
      },
      {
        name: "a quote in other letters and with other spaces",
        args: [
          [claim("Yes.", ["server", "USE TRUSTPROXY: true", 0], ["server", "Use  trustProxy", 0])],
          documents,
        ],
        because: "a quote is what stands there, letter by letter.",
      },
      {
        name: "one place cited three times, and another",
        args: [
          [
            claim("One.", ["agent", "An Agent", 0], ["agent", "An Agent", 2]),
            claim("Two.", ["agent", "ProxyAgent", 0], ["agent", "An Agent", 0]),
          ],
          documents,
        ],
        because: "the same place keeps its number, and a claim has each marker once.",
      },
      {
        name: "two quotes that begin at the same place",
        args: [[claim("Both.", ["agent", "An Agent", 0], ["agent", "An Agent keeps", 0])], documents],
      },
      {
        name: "a made-up citation between two that hold",
        args: [
          [
            claim("A.", ["server", "X-Forwarded-For", 0]),
            claim("B.", ["server", "Lima", 0]),
            claim("C.", ["agent", "An Agent", 0]),
          ],
          documents,
        ],
        because: "numbers are given to citations that hold: [1] and [2], without a hole.",
      },
      {
        name: "a document with the name of something that every object has",
        args: [[claim("Odd.", ["constructor", "function", 0], ["toString", "native", 0])], documents],
        expect: { status: "declined", text: "", citations: [] },
      },
      { name: "no claims", args: [[], documents] },
      ...Array.from({ length: 8 }, (_, i) => ({
        name: `random answer ${i + 1}`,
        args: [answer(6), documents] as [Claim[], Record<string, string>],
      })),
    ]
  },
  invariants: [
    {
      name: "Markers in the text are those of the citations",
      holds: ({ text, citations }) => {
        const used = new Set([...text.matchAll(/\[(\d+)\]/g)].map(([, number]) => Number(number)))
        return (
          (used.size === citations.length && citations.every(({ marker }) => used.has(marker))) ||
          `the text has ${[...used].join(", ") || "none"}, the citations ${citations.map(({ marker }) => marker).join(", ") || "none"}`
        )
      },
    },
  ],
  mistakes: {
    "believes-the-start": {
      message:
        "The place is taken from the model. Models cannot count letters: whoever follows the citation lands in the middle of another sentence. Look the quote up.",
    },
    "drops-wrong-starts": {
      message:
        "A citation is dropped because its start is wrong, though the quote stands in the document. That declines good answers for a number that no model gets right.",
    },
    "first-place": {
      message:
        "The first place of the quote is taken. Short quotes occur often, and the one that was meant is the one near start.",
    },
    "any-document": {
      message:
        "The quote is looked for in all documents. It is cited from the wrong one then, and whoever looks there finds nothing.",
    },
    "empty-quote-holds": {
      message:
        "An empty quote holds, because every text contains the empty text. It is the easiest way to pass a check without saying anything: refuse it.",
    },
    "keeps-bare-claims": {
      message:
        "A claim whose citations are gone stays in the text without a marker. It is the invention that this was about.",
    },
    "compares-loosely": {
      message:
        "Quotes are compared without regard to letter case. What is shown as a quote must be what stands there; loosely equal is a paraphrase.",
    },
    "numbers-every-use": {
      message:
        "Every use gets a number of its own. The same place then looks like many sources: one number for one place.",
    },
    "repeats-markers": {
      message: "A claim that cites a place twice shows its marker twice: [1][1].",
    },
    "same-start-same-place": {
      message:
        "Two quotes that begin at the same place are taken for one, though they end at different ones: a place has a start and an end.",
    },
    "knows-inherited-names": {
      message:
        "A document called constructor or toString is found though nobody gave it: every object has these. Ask for its own properties.",
      when: seen => {
        const odd = seen.find(({ name }) => name.startsWith("a document with the name"))
        return odd?.fault?.kind === "threw"
      },
    },
  },
  passed:
    "packages/rag/src/answers checks every citation like this before it leaves, whoever wrote the answer: also a model that was told to be careful.",
})
