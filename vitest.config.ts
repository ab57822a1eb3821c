import { configDefaults, defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Labs first: their whole runs take longest, and a long file that starts last leaves a core idle. */
class LabsFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]) {
    const isLab = ({ moduleId }: TestSpecification) => moduleId.includes("/labs/2")
    const sorted = await super.sort(files)
    return [...sorted.filter(isLab), ...sorted.filter(file => !isLab(file))]
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "labs/*/test/**/*.test.ts", "tests/*.test.ts"],
    exclude: [...configDefaults.exclude, "**/*.slow.test.ts"],
    pool: "forks",
    maxWorkers: "100%",
    sequence: { sequencer: LabsFirst },
    testTimeout: 30_000,
  },
})
