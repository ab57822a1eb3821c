import { spawn } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative, resolve } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { exists, type LearningEntry } from "../exercises/catalog.ts"

const toolchain = join(import.meta.dirname, "..", "..", "..", "..")

export interface TypeProblem {
  /** Path of the file, or of task.md. */
  file: string
  text: string
}

/**
 * Type-checks, in one run of the compiler, every TypeScript file of these exercises and drills and every ```ts block
 * of their task.md. A block sees ./solution.ts and the lab's packages as if it stood beside task.md.
 */
export const checkTypes = async (root: string, entries: readonly LearningEntry[]): Promise<TypeProblem[]> => {
  const scratch = await mkdtemp(join(tmpdir(), "roadmap-types-"))
  try {
    const files: string[] = []
    const blocks = new Map<string, string>()
    for (const entry of entries) {
      const names = await readdir(entry.folder, { recursive: true })
      files.push(...names.filter(name => name.endsWith(".ts")).map(name => join(entry.folder, name)))
      for (const [path, block] of await writeBlocks(root, scratch, entry)) blocks.set(path, block)
    }
    if (files.length === 0) return []
    const output = await compile(scratch, {
      compilerOptions: {
        ...strict,
        rootDirs: [root, scratch],
        typeRoots: [join(toolchain, "node_modules", "@types")],
      },
      files: [...files, ...blocks.keys()],
    })
    return parseProblems(output, scratch, blocks)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** Type-checks one answer of the learner's. The lines are those of the file. */
export const checkAnswerTypes = async (file: string): Promise<TypeProblem[]> => {
  const scratch = await mkdtemp(join(tmpdir(), "roadmap-types-"))
  try {
    const output = await compile(scratch, {
      compilerOptions: {
        ...strict,
        noUnusedLocals: false,
        typeRoots: [join(toolchain, "node_modules", "@types")],
      },
      files: [file],
    })
    return parseProblems(output, scratch, new Map())
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const strict = {
  target: "es2024",
  lib: ["es2024", "esnext.disposable", "esnext.array", "esnext.iterator"],
  module: "nodenext",
  moduleResolution: "nodenext",
  types: ["node"],
  strict: true,
  noFallthroughCasesInSwitch: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
}

const writeBlocks = async (
  root: string,
  scratch: string,
  entry: LearningEntry,
): Promise<[string, string][]> => {
  const text = await readFile(join(entry.folder, "task.md"), "utf8").catch(() => "")
  const blocks = [...text.matchAll(/^```ts\b[^\n]*\n([\s\S]*?)^```/gm)].map(match => match[1])
  if (blocks.length === 0) return []
  const folder = join(scratch, relative(root, entry.folder))
  await mkdir(folder, { recursive: true })
  await writeFile(join(scratch, "package.json"), '{ "type": "module" }\n')
  const modules = join(entry.lab.folder, "node_modules")
  const linked = join(scratch, relative(root, modules))
  if ((await exists(modules)) && !(await exists(linked))) await symlink(modules, linked, "junction")
  const shared = join(root, "node_modules")
  if ((await exists(shared)) && !(await exists(join(scratch, "node_modules"))))
    await symlink(shared, join(scratch, "node_modules"), "junction")
  return Promise.all(
    blocks.map(async (block, index): Promise<[string, string]> => {
      const path = join(folder, `block-${index + 1}.ts`)
      await writeFile(path, /^(im|ex)port /m.test(block) ? block : `${block}\nexport {}\n`)
      return [path, `${join(entry.folder, "task.md")}, code block ${index + 1}`]
    }),
  )
}

const compile = async (scratch: string, config: object): Promise<string> => {
  const tsc = join(toolchain, "node_modules", "typescript", "bin", "tsc")
  if (!(await exists(tsc)))
    throw new RoadmapError("FILE_MISSING", `The TypeScript compiler is not installed at ${dirname(tsc)}.`, {
      hint: "Run: npx -y pnpm@12 install",
    })
  const path = join(scratch, "tsconfig.json")
  await writeFile(path, JSON.stringify(config))
  const child = spawn(process.execPath, [tsc, "--project", path, "--pretty", "false"], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: scratch,
  })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  const code = await new Promise(done => child.on("close", done))
  if (code !== 0 && !/error TS/.test(output))
    throw new RoadmapError("INTERNAL", `The TypeScript compiler failed: ${output.slice(0, 500)}`)
  return output
}

const parseProblems = (output: string, scratch: string, blocks: Map<string, string>): TypeProblem[] =>
  output.split("\n").flatMap(line => {
    const match = /^(.+?)\((\d+),\d+\): error (TS\d+: .*)$/.exec(line)
    if (!match) return /error TS/.test(line) ? [{ file: "", text: line }] : []
    const path = resolve(scratch, match[1])
    const block = blocks.get(path)
    return [{ file: block ?? path, text: `line ${match[2]}: ${match[3]}` }]
  })
