/**
 * Makes the lock files of this folder anew: every package with the hashes of all its files (for every platform), every
 * jar with its hash. After a change of a version: `pnpm exec node packages/services/requirements/lock.ts`.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { kafkaJars } from "../src/engines/kafka.ts"
import { deltaJars } from "../src/engines/spark.ts"
import { checksumsOf, fetchJars } from "../src/jars.ts"
import { lastLine, runProgram } from "../src/programs.ts"
import { preparePython } from "../src/python.ts"
import { requirementsOf } from "../src/requirements.ts"

const packages = [
  { name: "mlflow", alone: false },
  { name: "spark", alone: false },
  { name: "spark-build", alone: false },
  { name: "postgres", alone: true },
  { name: "llm", alone: true },
]
const jars = [
  { name: "delta", coordinates: deltaJars, withoutDependencies: true },
  { name: "kafka", coordinates: kafkaJars, withoutDependencies: false },
]

const folder = await mkdtemp(join(tmpdir(), "roadmap-lock-"))
try {
  const { bin } = await preparePython({ requirements: ["uv==0.13.9"], folder })
  for (const { name, alone } of packages) {
    const { status, stderr } = await runProgram(join(bin, "uv"), [
      ...["pip", "compile", "--quiet", "--no-config", "--no-header", "--no-annotate", "--generate-hashes"],
      ...["--universal", "--python-version", "3.11", ...(alone ? ["--no-deps"] : [])],
      ...[requirementsOf(`${name}.in`), "--output-file", requirementsOf(`${name}.txt`)],
    ])
    if (status !== 0) throw new Error(`${name}: ${lastLine(stderr)}`)
    console.log(`${name}.txt`)
  }
  for (const { name, coordinates, withoutDependencies } of jars) {
    const lib = join(folder, name, "lib")
    await mkdir(lib, { recursive: true })
    await fetchJars(join(folder, name), lib, { coordinates, withoutDependencies })
    await writeFile(requirementsOf(`${name}.sha256`), await checksumsOf(lib))
    console.log(`${name}.sha256`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
