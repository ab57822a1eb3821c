import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { roadmap as command } from "../testing/command.ts"

/** One home for all: the index of the documents is made once. `--lexical` is what a bare clone does. */
let home: string
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-ask-"))
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const ask = (...args: string[]) => command(home, ["ask", "--lexical", ...args])

test("a question is answered with its sources, and what is missing is said once", async () => {
  const first = await ask("How do I make fastify trust a proxy?")
  expect(first).toMatchObject({ code: 0 })
  expect(first.stdout).toContain("By enabling the `trustProxy` option, Fastify will know")
  expect(first.stdout).toContain("  const fastify = Fastify({ trustProxy: true })")
  expect(first.stdout).toMatch(/Sources\n\[1\].* fastify\/docs\/Reference\/Server\.md:\d+/)
  expect(first.stdout).toContain("Lexical search only; npx -y pnpm@12 roadmap setup neural adds meaning.")
  const again = await ask("How do I make fastify trust a proxy?")
  expect(again.stdout).not.toContain("Lexical search only")
})

test("a question that the documents do not answer is declined, which is no failure", async () => {
  const { code, stdout } = await ask("What is the capital of Peru?")
  expect(code).toBe(0)
  expect(stdout).toContain("I don't know")
  expect(stdout).toContain("What they cover: fastify (")
  expect(stdout).not.toContain("Sources")
})

test("--json is one document with answer, citations, scores, timings and notes", async () => {
  const { code, stdout } = await ask("--json", "-k", "3", "What is the default bodyLimit of fastify?")
  const answer = JSON.parse(stdout)
  expect(code).toBe(0)
  expect(answer).toMatchObject({
    status: "answered",
    answeredBy: "extractive",
    retriever: expect.any(String),
  })
  expect(answer.answer).toContain("1048576")
  expect(answer.passages).toHaveLength(3)
  expect(answer.passages[0]).toMatchObject({ scores: { bm25: expect.any(Number) }, line: expect.any(Number) })
  expect(answer.citations[0]).toMatchObject({ documentId: "fastify/docs/Reference/Server.md", marker: 1 })
  expect(answer.timings.total).toBeGreaterThan(0)
  expect(answer.notes.length).toBeGreaterThan(0)
})

test("--source looks only into what it names, --why shows the scores", async () => {
  const { stdout } = await ask("--why", "How are secrets redacted?", "--source", "pino")
  const why = stdout.slice(stdout.indexOf("Why\n"))
  expect(why).toContain("Searched for: How are secrets redacted?")
  expect(why).toMatch(/bm25/)
  expect(why.match(/^(fastify|undici|pino|roadmap)\//gm)?.every(source => source === "pino/")).toBe(true)
})

test("--follow-up goes on from the question before", async () => {
  await ask("What is bodyLimit in fastify?")
  const { stdout } = await ask("--json", "--follow-up", "And what is its default?")
  expect(JSON.parse(stdout).searchedFor).toEqual(["And what is its default? (bodyLimit fastify)"])
})

test.each([
  [
    "a source that there is not",
    ["proxy?", "--source", "fastfy"],
    "UNKNOWN_NAME",
    "Did you mean fastify?",
    2,
  ],
  ["no question, and nobody to ask for one", [], "USAGE", "roadmap ask", 2],
  ["an empty question", [" "], "INVALID_INPUT", "roadmap ask", 1],
  ["a question of ten thousand characters", ["why ".repeat(2_500)], "LIMIT_EXCEEDED", "few sentences", 1],
])("%s is refused", async (_what, args, error, hint, exitCode) => {
  const { code, stderr, stdout } = await ask(...args)
  expect(code).toBe(exitCode)
  expect(stderr).toContain(`✖ ${error}:`)
  expect(stderr).toContain(hint)
  expect(stdout).toBe("")
})
