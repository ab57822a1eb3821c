import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { chunk, Piece } from "./solution.ts"

const js = "```js\n// start\nconst app = fastify()\n\n# not a heading\n\napp.listen()\n```\n"

export default defineCheck<typeof chunk>({
  answer: "chunk",
  // Blocks by one regular expression; each piece is then taken from the front of the list.
  reference: (markdown, size) => {
    const block =
      /(?:[ \t]*\n)*(?:(`{3,})[^\n]*(?:\n(?!\1`*[ \t]*(?:\n|$))[^\n]*)*(?:\n\1`*[ \t]*(?:\n|$))?|#{1,6} [^\n]*(?:\n|$)|[^\n]*\S[^\n]*(?:\n|$)(?:(?!`{3}|#{1,6} )[^\n]*\S[^\n]*(?:\n|$))*)(?:[ \t]*\n)*(?:[ \t]+$)?/y
    const blocks: string[] = []
    while (block.lastIndex < markdown.length) {
      const at = block.lastIndex
      const [found] = block.exec(markdown) ?? [markdown.slice(at)]
      blocks.push(found)
      block.lastIndex = at + found.length
    }
    const isHeading = (text: string) => /^#{1,6} /.test(text.trimStart())
    const pieces: Piece[] = []
    const path: string[][] = []
    while (blocks.length > 0) {
      let count = blocks.findIndex(text => !isHeading(text))
      if (count < 0) count = blocks.length
      let length = blocks.slice(0, ++count).join("").length
      while (count < blocks.length && !isHeading(blocks[count]) && length + blocks[count].length <= size)
        length += blocks[count++].length
      const taken = blocks.splice(0, count)
      for (const heading of taken.filter(isHeading)) {
        const [marks] = heading.trimStart().split(" ", 1)
        path.length = Math.min(path.length, marks.length - 1)
        path[marks.length - 1] = [heading.trim().slice(marks.length).trim()]
      }
      pieces.push({ headings: path.flat(), text: taken.join("") })
    }
    return pieces
  },
  cases: ({ random }) => {
    const parts = [
      "# One\n\n",
      "## Two\n",
      "### Three\n\n",
      "#nothing, a word\n",
      js,
      "````md\n```js\n# in the inner fence\n```\n````\n\n",
      "A paragraph\nof two lines.\n\n",
      "| a | b |\n| - | - |\n| 1 | 2 |\n\n",
      `${"Long words follow each other. ".repeat(5)}\n\n`,
    ]
    const text = (count: number): string =>
      Array.from({ length: count }, () => parts[random.integer(parts.length)]).join("")
    return [
      {
        name: "a code block with empty lines and a comment, in small pieces",
        args: [`# Start\n\nLike this:\n\n${js}\nDone.\n`, 60],
        because: "what is between the fences is one block, however it looks, and a block is never cut.",
      },
      {
        name: "a section below a section",
        args: ["# Server\n\nIt serves.\n\n## Options\n\nMany.\n\n### maxParamLength\n\n100.\n", 900],
        because: "a heading begins a new piece, and its path has the headings above it.",
      },
      {
        name: "up again",
        args: ["# A\n\na\n\n## B\n\nb\n\n### C\n\nc\n\n## D\n\nd\n\n# E\n\ne\n", 900],
        because: "a heading ends all sections of its own level and below.",
      },
      {
        name: "a level that is left out",
        args: ["# A\n\na\n\n### C\n\nc\n\n## B\n\nb\n", 900],
      },
      {
        name: "a heading above a block that is longer than a piece",
        args: [`# Table\n\n| a | b |\n${"| 1 | 2 |\n".repeat(12)}\nAfter.\n`, 40],
        because: "a heading without its text cannot stand alone.",
      },
      {
        name: "headings without text between them",
        args: ["# Hooks\n\n## onRequest\n\nFirst of all.\n\n# End\n", 900],
        because: "the first is nothing to read alone: both stand over the text.",
      },
      {
        name: "three backticks inside four",
        args: ["Write:\n\n````md\n```js\nlet a\n```\n\n# in it\n````\n\n# After\n\nyes\n", 30],
        because: "a fence ends at one of at least as many backticks.",
      },
      {
        name: "a language after the fence inside a code block",
        args: ["```\nfirst\n```js\n# still code\n```\n\n# Out\n\nyes\n", 20],
        because: "```js begins a code block; it cannot end one.",
      },
      {
        name: "a fence that is never closed",
        args: ["# A\n\n```js\nlet a\n\n# b\n\nlet c\n", 10],
      },
      {
        name: "paragraphs up to the size, and one character over",
        args: ["0123456789\n\n012345\n\n0123456\n\nx\n", 20],
        because: "20 characters are not more than 20.",
      },
      { name: "a # without a space", args: ["#!/bin/sh\n\n#trust\n\n# Yes\n\nit\n", 900] },
      { name: "empty lines in front", args: ["\n\n# A\n\na", 900] },
      { name: "no text", args: ["", 900], expect: [] },
      ...Array.from({ length: 12 }, (_, i) => ({
        name: `random text ${i + 1}`,
        args: [text(3 + i), [30, 120, 900][i % 3]] as [string, number],
      })),
    ]
  },
  invariants: [
    {
      name: "The pieces put together are the text",
      holds: (pieces, markdown) =>
        pieces.map(({ text }) => text).join("") === markdown || "something is missing, added or moved",
    },
  ],
  mistakes: {
    "comments-are-headings": {
      message:
        "A line of code that begins with # is taken for a heading. Shell, Python and YAML are full of them: know whether you are inside a fence before you look at a line.",
    },
    "cuts-code": {
      message:
        "A code block is cut at an empty line. Half of an example is found, and the half with the answer is not: everything up to the closing fence is one block.",
    },
    "any-fence-closes": {
      message:
        "Any line of backticks closes the code block. A block that shows Markdown has fences inside, and is opened with more of them: count.",
    },
    "opening-closes": {
      message:
        "A fence with a language after it closes a code block. Only a line of backticks alone does; otherwise everything behind it is read inside out.",
    },
    "last-heading-only": {
      message:
        "A piece knows its last heading only. `Options` of what? The path above it is what tells one piece from twenty others.",
    },
    "path-never-ends": {
      message:
        "Headings are added to the path and never removed. A section ends where the next heading of its level or above begins.",
    },
    "deeper-only": {
      message:
        "Only headings of the same level are removed from the path. A heading ends the deeper sections too: after ### comes ## and takes it away.",
    },
    "lonely-headings": {
      message:
        "A heading is left alone when the block below it does not fit. The piece is found for its words and holds no answer: keep it with the block.",
    },
    "fixed-size": {
      message:
        "The text is cut at a number of characters. Sentences, tables and code are torn, and no piece knows where it stands.",
    },
    "trims-pieces": {
      message:
        "White space around the pieces is cut away. Put together they are no longer the document, and every citation behind points beside its place.",
    },
    "strict-size": {
      message:
        "A piece of exactly `size` characters is taken to be too long: the comparison is < instead of <=.",
    },
  },
  passed:
    "packages/rag/src/chunk does it with a real Markdown parser, and tables and lists of its own. July's report counts how many code blocks each way of cutting tears.",
})
