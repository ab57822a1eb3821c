import fc from "fast-check"
import { createColors } from "picocolors"
import { describe, expect, test } from "vitest"
import { createAnswerText } from "../src/answer-text.ts"

const written = (pieces: readonly string[], width = 40) => {
  let out = ""
  const text = createAnswerText({ colors: createColors(false) }, width, piece => {
    out += piece
  })
  for (const piece of pieces) text.push(piece)
  text.end()
  return out
}

describe("an answer on a terminal", () => {
  test("is broken at words, list items with a hanging indent", () => {
    expect(
      written(["One two three four five six seven. [1]\n\n- first item with words [2]\n- second"], 20),
    ).toBe("One two three four\nfive six seven. [1]\n\n- first item with\n  words [2]\n- second\n")
  })

  test("shows code indented and without its fence, long lines whole", () => {
    expect(
      written(
        [
          "For example [1]:\n\n```js\nconst answer = 'a line longer than the terminal'\n\nend()\n```\n\nDone.",
        ],
        20,
      ),
    ).toBe("For example [1]:\n\n  const answer = 'a line longer than the terminal'\n\n  end()\n\nDone.\n")
  })

  test("breaks a paragraph that begins with code", () => {
    expect(written(["`bodyLimit` is the largest body. [1]"], 20)).toBe(
      "`bodyLimit` is the\nlargest body. [1]\n",
    )
  })

  test("keeps the lines of a table", () => {
    expect(written(["| a | b |\n| --- | --- |\n| one two three four | x |"], 12)).toBe(
      "| a | b |\n| --- | --- |\n| one two three four | x |\n",
    )
  })

  test("is written while it grows: whole words at once, the last one at the end", () => {
    const seen: string[] = []
    const text = createAnswerText({ colors: createColors(false) }, 40, piece => seen.push(piece))
    text.push("Whole words le")
    expect(seen.join("")).toBe("Whole words")
    text.push("ave.")
    text.end()
    expect(seen.join("")).toBe("Whole words leave.\n")
  })

  test("is the same however it was cut into pieces", () => {
    const answer =
      "A sentence with [1] a marker.\n\n```js\nlet x = 1\n```\n\n- item one is long enough to wrap [2]\n\n| a |\n| - |\n| b |"
    const whole = written([answer], 24)
    fc.assert(
      fc.property(fc.array(fc.nat(answer.length), { maxLength: 12 }), cuts => {
        const places = [0, ...cuts.sort((a, b) => a - b), answer.length]
        expect(
          written(
            places.slice(1).map((end, i) => answer.slice(places[i], end)),
            24,
          ),
        ).toBe(whole)
      }),
    )
  })
})
