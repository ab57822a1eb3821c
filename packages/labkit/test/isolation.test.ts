import { existsSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openAnswer } from "../src/exercises/answer/process.ts"
import { judge, type Verdict } from "../src/exercises/verdict.ts"
import { type FixtureRepository, makeRepository } from "../testing/fixture-repository.ts"

let repository: FixtureRepository
beforeAll(() => {
  repository = makeRepository()
})
afterAll(() => repository[Symbol.dispose]())

let count = 0
const check = async (source: string): Promise<Verdict> => {
  const file = repository.write(`workbook/2026-02/answer-${count++}.ts`, source)
  const exercise = await repository.exercise("median")
  return judge(exercise, file)
}

const right = "values.toSorted((a, b) => a - b)[values.length >> 1]"
const body = (lines: string) =>
  `export const median = (values: readonly number[]): number => {\n${lines}\n  return ${right}\n}\n`

describe("a hostile answer fails with a message and its line, and the checker lives on", () => {
  test.each<[string, string, RegExp, number | undefined]>([
    [
      "an endless loop",
      body("  for (;;) {\n    values.length\n  }"),
      /Line [234]: it was still running after 4 s/,
      undefined,
    ],
    [
      "a promise that never settles",
      "export const median = () => new Promise(() => {})\n",
      /still running after 4 s.*a promise that never settles/,
      undefined,
    ],
    [
      "process.exit",
      body("  process.exit(0)"),
      /Line 2: it calls process\.exit\(\): an answer returns its result/,
      2,
    ],
    [
      "process.exit while it is loaded",
      `process.exit(0)\n${body("")}`,
      /Line 1: it calls process\.exit\(\)/,
      1,
    ],
    [
      "a syntax error",
      body("  const a = 1\n  let a = 2"),
      /Line 3: SyntaxError: Identifier 'a' has already been declared/,
      3,
    ],
    ["a syntax error of types", body("  const a: = 1"), /Line 2: SyntaxError/, 2],
    ["an enum", `enum Half { Low }\n${body("")}`, /Line 1: .*enum is not supported.*use a plain object/, 1],
    [
      "a type error at run time",
      body("  const nothing = undefined as unknown as number[]\n  nothing.push(1)"),
      /Line 3: it threw TypeError: Cannot read properties of undefined/,
      3,
    ],
    [
      "endless recursion",
      "export const median = (values: number[]): number =>\n  median(values) + 1\n",
      /threw RangeError: Maximum call stack/,
      2,
    ],
    [
      "a crash in a timer",
      body(
        "  setTimeout(() => {\n    throw new Error('late')\n  }, 0)\n  const until = Date.now() + 200\n  while (Date.now() < until) {}",
      ),
      /late/,
      undefined,
    ],
    [
      "a promise nobody awaits",
      "export const median = async (values: number[]) => {\n  Promise.reject(new Error('unheard'))\n  await new Promise(resolve => setTimeout(resolve, 20))\n  return 1\n}\n",
      /Line 2: it threw Error: unheard/,
      2,
    ],
    [
      "something thrown that is no Error",
      body("  throw 'no'"),
      /It threw "no", which is no Error/,
      undefined,
    ],
    [
      "an error that cannot be read",
      body("  throw new Proxy(new Error('x'), { get() { throw new Error('y') } })"),
      /It threw an error that says nothing/,
      undefined,
    ],
    [
      "memory without end, outside the heap",
      body("  const all: Uint8Array[] = []\n  for (;;) all.push(new Uint8Array(1e7).fill(1))"),
      /memory: what grows without end/,
      undefined,
    ],
    [
      "memory without end, in the heap",
      body("  const all: number[][] = []\n  for (;;) all.push(new Array(1000).fill(1.5))"),
      /memory: what grows without end/,
      undefined,
    ],
    [
      "a network call",
      body("  fetch('http://127.0.0.1:1/')"),
      /Line 2: it threw ReferenceError: fetch is not defined \(an answer has no network\)/,
      2,
    ],
    [
      "a socket",
      `import net from "node:net"\n${body("  net.connect(1)")}`,
      /Line 1: it has import "node:net": an answer works on its arguments alone/,
      1,
    ],
    [
      "a file read",
      `import { readFileSync } from "node:fs"\n${body("  readFileSync('/etc/passwd')")}`,
      /Line 1: it has import "node:fs"/,
      1,
    ],
    [
      "a fork bomb",
      `import { fork } from "node:child_process"\n${body("  for (;;) fork(import.meta.filename)")}`,
      /Line 1: it has import "node:child_process"/,
      1,
    ],
    [
      "workers",
      `import { Worker } from "node:worker_threads"\n${body("  new Worker(import.meta.filename)")}`,
      /Line 1: it has import "node:worker_threads"/,
      1,
    ],
    [
      "a module by another way",
      "export const median = async () => new Function('return import(\"node:fs\")')()\n",
      /it has import "node:fs"/,
      undefined,
    ],
    [
      "the solution imported",
      'import { median as other } from "../../labs/2026-02-tiny/exercises/01-median/solution.ts"\nexport const median = other\n',
      /Line 1: it has import/,
      1,
    ],
    [
      "a secret in the environment",
      body("  if (Object.keys(process.env).length === 0) throw new Error('nothing there')"),
      /nothing there/,
      2,
    ],
    [
      "Node's own way to modules",
      body("  (process as any).getBuiltinModule('fs')"),
      /Line 2: it threw TypeError: process.getBuiltinModule is not a function/,
      2,
    ],
    [
      "a function returned",
      "export const median = () => () => 1\n",
      /returned something that is no plain data/,
      undefined,
    ],
    [
      "a proxy returned",
      "export const median = () => new Proxy({}, {})\n",
      /returned something that is no plain data/,
      undefined,
    ],
    ["loading without end", `while (true) {}\n${body("")}`, /Line 1: it was still running after 4 s/, 1],
  ])("%s", async (_name, source, message, line) => {
    const verdict = await check(source)
    expect(verdict.status).toBe("failed")
    expect(verdict.message).toMatch(message)
    if (line !== undefined) expect(verdict.line).toBe(line)
  })
})

test("after all of them a right answer passes", async () => {
  const verdict = await check(
    body("  if (values.length === 0) throw new Error('none')\n  if (values.length === 4) return 2.5"),
  )
  expect(verdict.status).toBe("passed")
})

describe("an answer cannot make itself pass", () => {
  test.each<[string, string, RegExp]>([
    [
      "patching Object.is",
      "  Object.is = () => true",
      /Cannot assign to read only property.*frozen while an answer runs/,
    ],
    ["patching Math", "  Math.abs = () => 0", /frozen while an answer runs/],
    ["patching Array.prototype", "  Array.prototype.every = () => true", /frozen while an answer runs/],
    [
      "patching Function.prototype",
      "  Function.prototype.call = () => undefined as never",
      /frozen while an answer runs/,
    ],
    ["patching JSON", "  JSON.stringify = () => '{}'", /frozen while an answer runs/],
    ["replacing a global", "  globalThis.Array = Object as never", /read only property 'Array'/],
    ["preparing stack traces", "  Error.prepareStackTrace = () => 'none'", /frozen while an answer runs/],
    [
      "speaking on the checker's channel",
      "  ;(process as any).send({ type: 'output', output: 5, args: [], reads: [], printed: [] })",
      /process.send is not a function/,
    ],
  ])("by %s", async (_name, lines, message) => {
    const verdict = await check(
      `export const median = (values: readonly number[]): number => {\n${lines}\n  return -1\n}\n`,
    )
    expect(verdict.status).toBe("failed")
    expect(verdict.message).toMatch(message)
  })

  test("by printing a verdict: what it prints is shown as printed", async () => {
    const verdict = await check(
      `export const median = () => {\n  console.log('{"status":"passed"}')\n  return -1\n}\n`,
    )
    expect(verdict.status).toBe("failed")
    expect(verdict.message).toMatch(/expected 5, got -1/)
    expect(verdict.message).toMatch(/Your code printed:\n\s+{"status":"passed"}/)
  })

  test("by an object that looks right in two different ways", async () => {
    const verdict = await check(
      "let n = 0\nexport const median = () => ({ valueOf: undefined, get value() { return n++ } })\n",
    )
    expect(verdict.status).toBe("failed")
    expect(verdict.message).toMatch(/expected a number \(5\), got an object/)
  })
})

test("an answer may import what its exercise names, and nothing else", async () => {
  const exercise = await repository.exercise("median")
  const open = (specifier: string) =>
    openAnswer({
      file: repository.write(
        `workbook/2026-02/imports-${count++}.ts`,
        `import * as named from "${specifier}"\nexport const median = () => Object.keys(named)\n`,
      ),
      answer: "median",
      folder: exercise.folder,
      imports: ["@roadmap/core/random"],
    })
  await using allowed = await open("@roadmap/core/random")
  expect((await allowed.call([])).result?.output).toContain("createRandom")
  await using refused = await open("@roadmap/core/files")
  expect(refused.loadFault).toMatchObject({
    kind: "denied",
    message: 'import "@roadmap/core/files"',
    line: 1,
  })
})

test("no connection reaches a server of this machine, and no file is written", async () => {
  let connections = 0
  const server = createServer(() => connections++)
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as { port: number }
  const target = join(repository.root, "written.txt")
  await check(`export const median = async () => {
  for (const way of [
    () => fetch("http://127.0.0.1:${port}/"),
    () => new WebSocket("ws://127.0.0.1:${port}/"),
    () => import("node:fs").then(fs => fs.writeFileSync(${JSON.stringify(target)}, "x")),
    () => (console as any)._stdout.constructor,
    () => (globalThis as any).require("node:net"),
  ]) {
    try {
      await way()
    } catch {}
  }
  return 1
}
`)
  server.close()
  expect(connections).toBe(0)
  expect(existsSync(target)).toBe(false)
})
