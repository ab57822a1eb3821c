import { mkdtempSync, rmSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { roadmap as command } from "../testing/command.ts"

let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-eval-"))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const roadmap = (args: string[]) => command(home, args)

const question = (changes: Record<string, unknown> = {}) =>
  JSON.stringify({
    id: "size",
    question: "What is the largest request body that fastify accepts by default?",
    kind: "single",
    topic: "size",
    split: "tune",
    gold: [
      {
        anyOf: [
          {
            document: "fastify/docs/Reference/Server.md",
            quote: "Defines the maximum payload, in bytes, the server is allowed to accept.",
          },
        ],
      },
    ],
    ...changes,
  })

const questionFile = async (...lines: string[]): Promise<string> => {
  const file = join(home, `${lines.length}-${Math.random()}.jsonl`)
  await writeFile(file, lines.join("\n"))
  return file
}

describe("roadmap eval rag", () => {
  test("measures retrieval and answers on questions of one's own, with words alone, and says so", async () => {
    const file = await questionFile(
      question(),
      question({
        id: "moons",
        question: "How many moons has Jupiter?",
        kind: "unanswerable",
        distance: "far",
        gold: [],
      }),
    )
    const { code, stdout } = await roadmap(["eval", "rag", "--lexical", "--questions", file, "--json"])
    expect(code).toBe(0)
    const result = JSON.parse(stdout)
    expect(result.questions).toBe(2)
    expect(result.corpus.embedder).toBe("none")
    expect(result.retrieval.systems.map((each: { name: string }) => each.name)).toEqual([
      "lexical",
      "lexical+rerank",
    ])
    expect(result.retrieval.systems[0].metrics["hit@5"].estimate).toBe(1)
    expect(result.answers.citationsExist.estimate).toBe(1)
    expect(result.answers.declined).toMatchObject({ successes: 1, total: 1 })
    expect(result.notes[0]).toMatch(/Lexical search only/)
  })

  test("prints tables and, if asked, what went wrong", async () => {
    const file = await questionFile(question({ question: "How many moons has Jupiter?" }))
    const { code, stdout } = await roadmap([
      "eval",
      "rag",
      "--lexical",
      "--modes",
      "lexical",
      "--questions",
      file,
      "--show",
      "failures",
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/retrieval .*hit@5.*mrr@10/)
    expect(stdout).toMatch(/No gold passage among the first five \(lexical\): 1\n {2}size: How many moons/)
  })

  test.each([
    ["an unknown mode", ["--modes", "lexical,magic"], "UNKNOWN_NAME", 'There is no mode "magic".', 2],
    [
      "a mode that needs vectors, without them",
      ["--lexical", "--modes", "dense"],
      "PART_MISSING",
      "dense",
      2,
    ],
    ["no such file", ["--questions", "/nowhere.jsonl"], "FILE_MISSING", "/nowhere.jsonl", 1],
    ["an unknown half", ["--split", "train"], "USAGE", "train", 2],
  ])("refuses %s", async (_, args, code, message, exit) => {
    const finished = await roadmap(["eval", "rag", "--json", ...args])
    expect(finished.code).toBe(exit)
    expect(JSON.parse(finished.stdout).error).toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })

  test("refuses questions whose documents have changed, by the question's name", async () => {
    const gold = [
      { anyOf: [{ document: "fastify/docs/Reference/Server.md", quote: "It accepts anything." }] },
    ]
    const file = await questionFile(question({ gold }))
    const finished = await roadmap(["eval", "rag", "--lexical", "--json", "--questions", file])
    expect(finished.code).toBe(1)
    expect(JSON.parse(finished.stdout).error.message).toContain('Question "size": "It accepts anything."')
  })
})
