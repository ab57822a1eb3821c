import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { encode, Merge } from "./solution.ts"

export default defineCheck<typeof encode>({
  answer: "encode",
  // One place at a time: the lowest merge, and of its places the leftmost.
  reference: (text, merges) => {
    const rank = new Map<string, number>()
    for (const [i, merge] of merges.entries())
      if (!rank.has(JSON.stringify(merge))) rank.set(JSON.stringify(merge), i)
    const tokens = Array.from(text)
    for (;;) {
      let best = { rank: Number.POSITIVE_INFINITY, at: -1 }
      for (let at = 0; at + 1 < tokens.length; at++) {
        const found = rank.get(JSON.stringify([tokens[at], tokens[at + 1]])) ?? Number.POSITIVE_INFINITY
        if (found < best.rank) best = { rank: found, at }
      }
      if (best.at < 0) return tokens
      tokens.splice(best.at, 2, tokens[best.at] + tokens[best.at + 1])
    }
  },
  cases: ({ random }) => {
    const letters = (count: number): string =>
      Array.from({ length: count }, () => "ab c"[random.integer(4)]).join("")
    const learned: Merge[] = [
      ["a", "b"],
      ["b", "c"],
      ["ab", "c"],
      [" ", "a"],
      ["a", "a"],
      ["ab", "ab"],
      ["bc", " "],
    ]
    return [
      {
        name: "a word",
        args: [
          "newest",
          [
            ["e", "s"],
            ["es", "t"],
            ["n", "e"],
            ["ne", "w"],
          ],
        ],
        expect: ["new", "est"],
      },
      {
        name: "two merges that want the same letter",
        args: [
          "abc",
          [
            ["b", "c"],
            ["a", "b"],
          ],
        ],
        expect: ["a", "bc"],
        because: "b+c was learned first; that a+b lies further left does not matter.",
      },
      {
        name: "a merge that becomes possible late, and stands first",
        args: [
          "abcab",
          [
            ["ab", "c"],
            ["a", "b"],
          ],
        ],
        expect: ["abc", "ab"],
        because: "after a+b there is an ab beside a c, and its merge is looked for again.",
      },
      {
        name: "the longest token of the list, which its merges do not lead to",
        args: [
          "abcd",
          [
            ["b", "c"],
            ["a", "b"],
            ["ab", "c"],
            ["abc", "d"],
          ],
        ],
        expect: ["a", "bc", "d"],
        because: "abcd would need ab first, but its b is gone.",
      },
      {
        name: "a token of the list whose left part can never be made",
        args: [
          "abcd",
          [
            ["c", "d"],
            ["ab", "cd"],
          ],
        ],
        expect: ["a", "b", "cd"],
      },
      { name: "five equal letters", args: ["aaaaa", [["a", "a"]]], expect: ["aa", "aa", "a"] },
      {
        name: "a token that ends with the left side of a merge",
        args: [
          "baa",
          [
            ["b", "a"],
            ["a", "a"],
          ],
        ],
        expect: ["ba", "a"],
        because: "the neighbours are ba and a; no merge has those.",
      },
      { name: "an emoji", args: ["👍👍a", [["👍", "a"]]], expect: ["👍", "👍a"] },
      { name: "no text", args: ["", [["a", "b"]]], expect: [] },
      { name: "no merges", args: ["ab", []], expect: ["a", "b"] },
      { name: "60 random letters and spaces", args: [letters(60), learned] },
      { name: "the same merges, learned in another order", args: [letters(60), learned.toReversed()] },
    ]
  },
  invariants: [
    {
      name: "Tokens put together are the text",
      holds: (tokens, text) =>
        tokens.join("") === text || `together they are ${JSON.stringify(tokens.join(""))}`,
    },
  ],
  mistakes: {
    "leftmost-first": {
      message:
        "The leftmost pair that can be joined is joined. The list is in the order of what was frequent: its first merge goes first, wherever it is in the text.",
    },
    "longest-token": {
      message:
        "The text is read from left to right, each time taking the longest token of the list. That is another algorithm (WordPiece works so): it yields tokens to which no merges lead, and a model that was trained with merges has not seen the text cut like this.",
    },
    "one-pass": {
      message:
        "Each merge is tried once, in order. A merge can become possible only after a later one has been done: look through the whole list again.",
    },
    "cuts-emoji": {
      message:
        'The text is cut into UTF-16 units: an emoji is two of them, and half of one is no character. split("") does that; spreading the text goes by characters.',
    },
    "replaces-in-text": {
      message:
        "The tokens are written one after the other with a separator and the pair is replaced in that text. It then also matches the end of a longer token: compare whole tokens.",
    },
    "joins-twice": {
      message:
        "A token is joined with its left neighbour and with its right one. After the join it is no longer there: go on behind the pair.",
    },
  },
  passed:
    "packages/llm counts tokens with such a list of merges. Look at the report of July: how many tokens the corpus has, and what fits into a window.",
})
