import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { init, parse } from "es-module-lexer"
import { expect, test } from "vitest"

const root = join(import.meta.dirname, "..")

/**
 * Who may import whom, as levels: a package imports packages of lower levels, and of its own level only
 * where `sameLevel` names it. `ml`, `labkit` and `report` import nothing but core.
 */
const levels: readonly (readonly string[])[] = [
  ["core"],
  ["warehouse", "ml", "tracking", "llm", "labkit", "services", "report"],
  [
    "ingestion",
    "feature-store",
    "model-registry",
    "monitoring",
    "streaming",
    "rag",
    "gateway",
    "guardrails",
    "evals",
  ],
  ["serving"],
  ["lifecycle", "assistant"],
  ["labs"],
  ["dashboard"],
  ["cli"],
]
const onlyCore = ["ml", "labkit", "services", "report"]

/** A vendor library is imported by these files only (a start of their path). */
const vendors: Record<string, readonly string[]> = {
  "@azure/openai": ["packages/llm/src/adapters/openai/"],
  "@databricks/sql": ["packages/warehouse/src/adapters/databricks/", "packages/services/src/thrift-front/"],
  "@duckdb/node-api": ["packages/warehouse/src/adapters/duckdb"],
  "@duckdb/node-bindings": ["packages/warehouse/src/adapters/duckdb"],
  "@huggingface/tokenizers": [
    "packages/llm/src/adapters/minilm/",
    "packages/rag/src/rerank/cross-encoder.ts",
  ],
  "@langchain/core": ["packages/rag/src/langchain/"],
  "@qdrant/js-client-rest": ["packages/rag/src/vector-store/adapters/qdrant/"],
  "apache-arrow": ["packages/warehouse/src/adapters/databricks/"],
  axios: ["packages/tracking/src/mlflow/", "packages/serving/src/target/databricks/"],
  commander: ["packages/cli/src/"],
  fastify: ["packages/serving/src/", "packages/assistant/src/", "packages/dashboard/src/"],
  "hyparquet-writer": ["packages/serving/src/operate/prediction-log/"],
  "js-tiktoken": ["packages/llm/src/tokens/"],
  "markdown-it": ["packages/rag/src/chunk/"],
  "node:sqlite": [
    "packages/core/src/lock-file.ts",
    "packages/feature-store/src/online/adapters/sqlite.ts",
    "packages/feature-store/src/registry.ts",
    "packages/model-registry/src/adapters/",
    "packages/model-registry/src/embedded/",
    "packages/rag/src/store/",
    "packages/rag/src/vector-store/adapters/embedded/",
    "packages/tracking/src/",
  ],
  "onnxruntime-node": ["packages/llm/src/adapters/minilm/", "packages/ml/src/onnx/onnxruntime.ts"],
  openai: ["packages/llm/src/adapters/openai/"],
  parse5: ["packages/rag/src/load/"],
  pg: [
    "packages/feature-store/src/online/adapters/postgres/",
    "packages/rag/src/vector-store/adapters/pgvector/",
  ],
  pino: ["packages/core/src/logger.ts"],
  "prom-client": ["packages/serving/src/operate/metrics.ts"],
  stemmer: ["packages/rag/src/lexical/"],
  thrift: ["packages/services/src/thrift-front/"],
  unpdf: ["packages/rag/src/load/"],
  "axe-core": [],
  yaml: ["packages/llm/src/prompts/", "packages/model-registry/src/", "packages/rag/src/load/"],
  yauzl: ["packages/rag/src/load/"],
}

interface Import {
  file: string
  from: string
}

await init
/** Types count too: they are what one package knows of another. */
const imports = [...sources("packages"), ...sources("labs")].flatMap(file =>
  parse(readFileSync(join(root, file), "utf8"))[0].flatMap(({ specifier }): Import[] =>
    typeof specifier === "string" ? [{ file, from: specifier }] : [],
  ),
)

test("the imports are seen: values, types and lazy ones", () => {
  const seen = (file: string, from: string) => imports.some(each => each.file === file && each.from === from)
  expect(seen("packages/cli/src/main.ts", "commander")).toBe(true)
  expect(seen("packages/cli/src/main.ts", "./commands/run.ts")).toBe(true)
  expect(seen("packages/cli/src/context.ts", "@roadmap/core/config")).toBe(true)
})

test("imports go downwards only", () => {
  const wrong = imports.filter(({ file, from }) => {
    const target = /^@roadmap\/(lab-\d)?([a-z-]*)/.exec(from)
    if (!target) return false
    const importer = file.startsWith("labs/") ? "labs" : file.split("/")[1]
    const imported = target[1] ? "labs" : target[2]
    if (importer === imported) return importer !== "labs" && !isTest(file)
    if (imported !== "core" && onlyCore.includes(importer)) return true
    return levelOf(imported) >= levelOf(importer)
  })
  expect(wrong).toEqual([])
})

test("a vendor library is imported by its adapter alone", () => {
  const vendorOf = (from: string) =>
    Object.keys(vendors).find(name => from === name || from.startsWith(`${name}/`))
  const wrong = imports.filter(({ file, from }) => {
    const vendor = vendorOf(from)
    return vendor && !isTest(file) && !vendors[vendor].some(allowed => file.startsWith(allowed))
  })
  expect(wrong).toEqual([])
})

test("only the configuration file reads the environment", () => {
  const files = [...sources("packages"), ...sources("labs")]
  const wrong = files.filter(
    file =>
      !isTest(file) &&
      file !== "packages/core/src/config.ts" &&
      /process\s*\.\s*env|import\.meta\.env/.test(readFileSync(join(root, file), "utf8")),
  )
  expect(wrong).toEqual([])
})

test("every package is in the table of levels and has a short README", () => {
  for (const name of readdirSync(join(root, "packages"))) {
    expect(levelOf(name), name).toBeGreaterThanOrEqual(0)
    const lines = readFileSync(join(root, "packages", name, "README.md"), "utf8").split("\n").length
    expect(lines, `${name}/README.md`).toBeLessThanOrEqual(61)
  }
})

function levelOf(name: string): number {
  const level = levels.findIndex(names => names.includes(name))
  if (level < 0) throw new Error(`packages/${name} is missing in the table of levels of this test.`)
  return level
}

function isTest(file: string): boolean {
  return /\/test(ing)?\//.test(file)
}

/** Code that git would track: no hidden folders, no dependencies (walking into these takes seconds). */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(node_modules|fixtures|\.)/.test(entry.name) ? [] : sources(path)
    return entry.isFile() && /\.(ts|js)$/.test(entry.name) ? [path] : []
  })
}
