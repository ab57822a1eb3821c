import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { gate } from "../src/author/gate.ts"
import { scaffoldDrill, scaffoldExercise } from "../src/author/scaffold.ts"
import { findLabs } from "../src/catalog.ts"
import { findExercises } from "../src/exercises/catalog.ts"
import { type FixtureRepository, makeRepository } from "../testing/fixture-repository.ts"

let repository: FixtureRepository
beforeEach(() => {
  repository = makeRepository()
})
afterEach(() => repository[Symbol.dispose]())

const gateOf = async (word: string) => {
  const [result] = await gate(repository.root, { exercises: [await repository.exercise(word)] })
  return result.problems
}

const change = async (word: string, name: string, from: string | RegExp, to: string) => {
  const path = join((await repository.exercise(word)).folder, name)
  const before = readFileSync(path, "utf8")
  writeFileSync(path, before.replace(from, to))
  expect(readFileSync(path, "utf8")).not.toBe(before)
}

describe("the author's gate", () => {
  test("passes what `author new` writes", async () => {
    const [lab] = await findLabs(repository.root)
    await scaffoldExercise(lab, "known-mean")
    await scaffoldDrill(lab, "twice-done")
    const [fourth] = (await findExercises([lab])).slice(3)
    const drill = await repository.drill("twice-done")
    const results = await gate(repository.root, { exercises: [fourth], drills: [drill] })
    expect(results.map(({ id, problems }) => [id, problems])).toEqual([
      ["feb/04-known-mean", []],
      ["feb/twice-done", []],
    ])
  })

  test("`author new` refuses a name that is taken or is none", async () => {
    const [lab] = await findLabs(repository.root)
    await expect(scaffoldExercise(lab, "median")).rejects.toMatchObject({ code: "ALREADY_EXISTS" })
    await expect(scaffoldDrill(lab, "half-written")).rejects.toMatchObject({ code: "ALREADY_EXISTS" })
    await expect(scaffoldExercise(lab, "../Escape")).rejects.toMatchObject({ code: "USAGE" })
  })
})

describe("the gate refuses an exercise", () => {
  test.each<[string, string, string | RegExp, string, RegExp]>([
    [
      "whose starter does not compile",
      "starter.ts",
      "values[0]",
      "values.nothing",
      /^starter\.ts does not compile: line 8: TS2339/,
    ],
    [
      "whose starter passes",
      "starter.ts",
      /return values\[0\]/,
      'if (values.length === 0) throw new Error("none")\n  const s = values.toSorted((a, b) => a - b)\n  return (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2',
      /^starter\.ts passes/,
    ],
    [
      "whose starter crashes",
      "starter.ts",
      "return values[0]",
      'throw new Error("write me")',
      /^starter\.ts does not fail with a wrong answer but with a fault/,
    ],
    ["whose solution is wrong", "solution.ts", "a - b", "b + a", /^solution\.ts does not pass/],
    [
      "whose mistake passes",
      "mistakes/takes-the-upper-middle.ts",
      "return values.toSorted((a, b) => a - b)[values.length >> 1]",
      "const s = values.toSorted((a, b) => a - b)\n  return (s[(s.length - 1) >> 1] + s[s.length >> 1]) / 2",
      /^mistakes\/takes-the-upper-middle\.ts passes/,
    ],
    [
      "whose mistake has no id",
      "mistakes/sorts-in-place.ts",
      "// mistake: ",
      "// ",
      /its first line is not "\/\/ mistake: <id>"/,
    ],
    [
      "whose mistake has an unknown id",
      "mistakes/sorts-in-place.ts",
      "sorts-in-place",
      "sorts",
      /check\.ts knows no mistake "sorts"/,
    ],
    [
      "whose mistake is taken for another",
      "mistakes/sorts-in-place.ts",
      "// mistake: sorts-in-place",
      "// mistake: sorts-as-text",
      /sorts-in-place\.ts is recognised as "sorts-in-place" instead of "sorts-as-text"|no file in mistakes/,
    ],
    [
      "whose check names a mistake nobody stored",
      "check.ts",
      "mistakes: {",
      'mistakes: {\n    "not-stored": { message: "No." },',
      /mistake "not-stored" of check\.ts has no file/,
    ],
    [
      "whose reference and expected value disagree",
      "check.ts",
      "expect: 2.5",
      "expect: 3",
      /case "four values": the reference does not yield what is expected: expected 3, got 2.5/,
    ],
    ["whose hint is empty", "hints.md", /What does[^\n]*\n/, "", /^hint 1 is empty/],
    ["with one hint only", "hints.md", /\n## Hint 2[\s\S]*/, "", /^hints\.md has 1 sections/],
    [
      "whose task has code that does not compile",
      "task.md",
      "const middleOfThree: number",
      "const middleOfThree: string",
      /^task\.md, code block 1 does not compile: line 1: TS2322|does not compile/,
    ],
  ])("%s", async (_name, file, from, to, problem) => {
    await change("median", file, from, to)
    const problems = await gateOf("median")
    expect(
      problems.some(text => problem.test(text)),
      problems.join("\n"),
    ).toBe(true)
  })

  test("whose hint holds the solution, also with other spaces", async () => {
    appendFileSync(
      join((await repository.exercise("median")).folder, "hints.md"),
      "\n## Hint 4\nWrite `const sorted =   values.toSorted((a, b) => a - b);`\n",
    )
    expect(await gateOf("median")).toEqual([
      expect.stringMatching(/^hint 4 holds a line of the solution: const sorted/),
    ])
  })

  test("two of whose mistakes the cases do not tell apart", async () => {
    await change("search", "check.ts", /\{ name: "the value is there twice"[^\n]*\n/, "")
    const { folder } = await repository.exercise("search")
    writeFileSync(
      join(folder, "mistakes", "last-equal.ts"),
      `// mistake: last-equal
export const firstAtLeast = (values: readonly number[], wanted: number): number => {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle] <= wanted) low = middle + 1
    else high = middle
  }
  return low
}
`,
    )
    await change(
      "search",
      "check.ts",
      "mistakes: {",
      'mistakes: {\n    "last-equal": { message: "The last of equal values is found." },',
    )
    expect(await gateOf("search")).toContain(
      'mistakes/first-above.ts is recognised as "last-equal" too: add a case that tells them apart',
    )
  })

  test("with a missing file", async () => {
    rmSync(join((await repository.exercise("median")).folder, "hints.md"))
    expect(await gateOf("median")).toEqual(["hints.md is missing"])
  })
})

describe("the gate refuses a drill", () => {
  test.each<[string, string | RegExp, string, RegExp]>([
    ["whose fault is not seen", "[...amounts, amounts.at(-1)]", "amounts", /the fault is not seen/],
    [
      "whose right recovery does not pass",
      "slice(0, 20)",
      "slice(0, 19)",
      /the right recovery does not pass: 20 amounts, each once: 19 amounts/,
    ],
    [
      "a wrong recovery of which passes",
      "await writeFile(total(place), JSON.stringify(sum(await read(ledger(place)))))",
      "await writeFile(ledger(place), JSON.stringify((await read(ledger(place))).slice(0, 20)))",
      /the wrong recovery "makes the total fit the wrong ledger" passes/,
    ],
    [
      "that is not repeatable",
      "place.random.integer(9)",
      "Math.floor(Math.random() * 9)",
      /two copies of one seed differ/,
    ],
    [
      "of another id than its folder",
      '"half-written"',
      '"half"',
      /has the id "half" in a folder "half-written"/,
    ],
  ])("%s", async (_name, from, to, problem) => {
    const drill = await repository.drill("half-written")
    const path = join(drill.folder, "drill.ts")
    writeFileSync(path, readFileSync(path, "utf8").replace(from, to))
    const [result] = await gate(repository.root, { drills: [drill] })
    expect(
      result.problems.some(text => problem.test(text)),
      result.problems.join("\n"),
    ).toBe(true)
  })

  test("whose brief names the cause", async () => {
    const drill = await repository.drill("half-written")
    appendFileSync(
      join(drill.folder, "brief.md"),
      "\nThe restarted job wrote its last amount a second time.\n",
    )
    const [result] = await gate(repository.root, { drills: [drill] })
    expect(result.problems).toEqual([expect.stringMatching(/^brief\.md names the cause/)])
  })
})
