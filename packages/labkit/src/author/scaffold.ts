import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import type { LabEntry } from "../catalog.ts"
import { exists, findDrills, findExercises } from "../exercises/catalog.ts"

/**
 * Writes a new exercise, numbered after the month's last one: a small working example that goes through the gate, to be
 * rewritten file by file. Returns its folder. Throws USAGE, ALREADY_EXISTS.
 */
export const scaffoldExercise = async (lab: LabEntry, name: string): Promise<string> => {
  const present = await findExercises([lab])
  if (present.some(exercise => exercise.name.slice(3) === refuseBadName(name)))
    throw new RoadmapError("ALREADY_EXISTS", `${lab.month} has an exercise "${name}".`, {
      hint: "Choose another name.",
    })
  const number = 1 + Math.max(0, ...present.map(exercise => Number(exercise.name.slice(0, 2))))
  const folder = join(lab.folder, "exercises", `${String(number).padStart(2, "0")}-${name}`)
  await writeAll(folder, exerciseFiles(name))
  return folder
}

/** Writes a new drill: a small working example that goes through the gate. Returns its folder. */
export const scaffoldDrill = async (lab: LabEntry, name: string): Promise<string> => {
  const present = await findDrills([lab])
  const folder = join(lab.folder, "drills", refuseBadName(name))
  if (present.some(drill => drill.name === name) || (await exists(folder)))
    throw new RoadmapError("ALREADY_EXISTS", `${lab.month} has a drill "${name}".`, {
      hint: "Choose another name.",
    })
  await writeAll(folder, drillFiles(name))
  return folder
}

const refuseBadName = (name: string): string => {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) return name
  throw new RoadmapError("USAGE", `"${name}" cannot be a name.`, {
    hint: "Use lower-case words joined by hyphens, for example average-precision; the number is given by itself.",
  })
}

const writeAll = async (folder: string, files: Record<string, string>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(folder, name), content)
}

const title = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("-", " ")}`
const camel = (name: string) => name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const exerciseFiles = (name: string): Record<string, string> => {
  const fn = camel(name)
  return {
    "task.md": `# ${title(name)}

Say why a working engineer needs this, then what \`${fn}\` does. This example: the mean of the values that are known.

- NaN stands for a missing value and does not count;
- the values stay as they are.

\`\`\`ts
const delays = [12, Number.NaN, 3]
const known: number[] = delays.filter(value => !Number.isNaN(value))
\`\`\`
`,
    "starter.ts": `/**
 * The mean of the known values.
 * @param values minutes; NaN is a missing value
 * @returns minutes
 */
export const ${fn} = (values: readonly number[]): number => {
  return values.length
}
`,
    "solution.ts": `/** The mean of the known values, in minutes. */
export const ${fn} = (values: readonly number[]): number => {
  const known = values.filter(value => !Number.isNaN(value))
  return known.reduce((total, value) => total + value, 0) / known.length
}
`,
    "check.ts": `import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { ${fn} } from "./solution.ts"

export default defineCheck<typeof ${fn}>({
  answer: "${fn}",
  // Independent of the solution: the running mean of Welford (1962).
  reference: values => {
    let mean = 0
    let count = 0
    for (const value of values) if (value === value) mean += (value - mean) / ++count
    return mean
  },
  cases: ({ random }) => [
    { name: "all values known", args: [[1, 2, 6]], expect: 3, because: "(1 + 2 + 6) / 3." },
    { name: "one value missing", args: [[4, Number.NaN, 8]], expect: 6, because: "(4 + 8) / 2: the missing one does not count." },
    { name: "100 random delays", args: [Array.from({ length: 100 }, () => random.integer(60) - 15)] },
  ],
  invariants: [
    {
      name: "A mean lies between the smallest and the largest value",
      holds: (output, values) => {
        const known = values.filter(value => !Number.isNaN(value))
        return (output >= Math.min(...known) && output <= Math.max(...known)) || \`\${output} does not\`
      },
    },
  ],
  mistakes: {
    "missing-as-zero": {
      message: "A missing value is taken for 0 minutes: it must not be counted at all.",
    },
    "missing-spreads": {
      message: "One NaN makes the whole mean NaN: leave missing values out before adding.",
    },
  },
})
`,
    "hints.md": `## Hint 1
What is 3 + NaN?

## Hint 2
How many values does the sum have, once the missing ones are left out?
`,
    "mistakes/missing-as-zero.ts": `// mistake: missing-as-zero
export const ${fn} = (values: readonly number[]): number =>
  values.reduce((total, value) => total + (Number.isNaN(value) ? 0 : value), 0) / values.length
`,
    "mistakes/missing-spreads.ts": `// mistake: missing-spreads
export const ${fn} = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length
`,
  }
}

const drillFiles = (name: string): Record<string, string> => ({
  "brief.md": `# ${title(name)}

Tell what the person on call sees: the symptom, since when, where to look, which commands help. Not the cause.

This example: \`queue.json\` should hold 10 jobs, each once. Since the restart at 02:13 a job is done twice a night.
`,
  "drill.ts": `import { mkdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { defineDrill, type DrillPlace } from "@roadmap/labkit/drills/drill"

interface State {
  jobs: number[]
}

const queue = (place: DrillPlace) => join(place.home, "queue.json")
const readJobs = async (place: DrillPlace): Promise<number[]> => JSON.parse(await readFile(queue(place), "utf8"))

export default defineDrill<State>({
  id: "${name}",
  title: "${title(name)}",
  targetMinutes: 10,
  async prepare(place) {
    await mkdir(place.home, { recursive: true })
    await writeFile(queue(place), JSON.stringify(Array.from({ length: 10 }, (_, job) => job)))
  },
  async break(place) {
    const jobs = await readJobs(place)
    await writeFile(queue(place), JSON.stringify([...jobs, jobs[place.random.integer(jobs.length)]]))
  },
  observe: async place => ({ jobs: await readJobs(place) }),
  grade: ({ jobs }) => [
    { what: "every job is there", passed: new Set(jobs).size === 10, found: \`\${new Set(jobs).size} of 10\` },
    { what: "no job is there twice", passed: new Set(jobs).size === jobs.length, found: \`\${jobs.length} entries\` },
  ],
  causes: {
    repeated: "the restart queued a job a second time",
    lost: "the restart lost a job",
    clock: "the scheduler's clock went back an hour",
  },
  cause: "repeated",
  recoveries: {
    async right(place) {
      await writeFile(queue(place), JSON.stringify([...new Set(await readJobs(place))]))
    },
    wrong: {
      async "begins with an empty queue"(place) {
        await writeFile(queue(place), "[]")
      },
    },
  },
})
`,
})
