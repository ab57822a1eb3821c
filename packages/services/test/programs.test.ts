import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sha256 } from "@roadmap/core/hash"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findEngine } from "../src/engines.ts"
import { prepareJars } from "../src/jars.ts"
import { preparePython } from "../src/python.ts"
import { startEngine } from "../src/start.ts"
import { engineStatus } from "../src/status.ts"
import { stopEngine } from "../src/stop.ts"

const path = process.env.PATH
let home: string
let bin: string

/** A PATH with the programs of every system and the given shell scripts, and nothing else. */
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-programs-"))
  bin = join(home, "bin")
  mkdirSync(bin)
  for (const name of ["env", "sh", "mkdir", "cat", "id"])
    for (const folder of ["/usr/bin", "/bin"])
      if (existsSync(join(folder, name)) && !existsSync(join(bin, name)))
        symlinkSync(join(folder, name), join(bin, name))
  process.env.PATH = bin
})
afterEach(() => {
  process.env.PATH = path
  rmSync(home, { recursive: true, force: true })
})

const program = (name: string, script: string) => {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(bin, name), 0o755)
}
const up = (name: string, options = {}) =>
  startEngine(findEngine(name), { home, installFolder: home, ...options })

describe("a program that is missing", () => {
  test.each([
    [
      "mlflow",
      /Python 3.11 or newer is needed, and there is no "python3" on the PATH/,
      /apt-get install python3/,
    ],
    ["postgres", /Python 3.11/, /python3-venv/],
    ["llm", /Python 3.11/, /brew install python/],
    ["kafka", /Java 17 or newer is needed, and there is no "java" on the PATH/, /openjdk-17/],
    ["spark", /Java 17/, /brew install openjdk@17/],
    ["qdrant", /Docker Compose only/, /docker info/],
  ])("%s: is named, with the way to get it", async (name, message, hint) => {
    await expect(up(name)).rejects.toMatchObject({
      code: "PROGRAM_MISSING",
      exitCode: 3,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    })
    expect(await engineStatus(findEngine(name), { home })).toMatchObject({ status: "stopped" })
  })

  test("or too old, or none at all, is told with what is there", async () => {
    program("python3", "echo 3.9.18")
    await expect(up("mlflow")).rejects.toMatchObject({
      code: "PROGRAM_MISSING",
      message: 'Python 3.11 or newer is needed; "python3" is Python 3.9.18.',
    })
    program("java", "echo 'openjdk version \"1.8.0_402\"' >&2")
    await expect(up("kafka")).rejects.toMatchObject({ message: expect.stringContaining('"java" is Java 8.') })
    program("java", "echo 'No Java runtime present, requesting install.' >&2; exit 1")
    await expect(up("kafka")).rejects.toMatchObject({ message: expect.stringContaining("No Java runtime") })
    program("java", "echo 'openjdk version \"21.0.2\" 2024-01-16' >&2")
    await expect(up("kafka")).rejects.toMatchObject({
      message: expect.stringContaining('no "mvn" on the PATH'),
    })
  })

  test("or lacks its venv module is told so", async () => {
    program("python3", '[ "$1" = -c ] && echo 3.12.1 || { echo "ensurepip is not available"; exit 1; }')
    await expect(up("mlflow")).rejects.toMatchObject({
      code: "PROGRAM_MISSING",
      message: expect.stringContaining("ensurepip is not available"),
      hint: expect.stringContaining("python3-venv"),
    })
  })
})

describe("a Python environment", () => {
  /** A python3 whose environments hold a pip that does what the script says. */
  const python = (pip: string) => {
    const inside = `#!/bin/sh\necho "$@" >> ${home}/pip-calls\n${pip}\n`
    program(
      "python3",
      `[ "$1" = -c ] && { echo 3.12.1; exit; }
mkdir -p "$3/bin"; cat > "$3/bin/python" <<'END'
${inside}END
cat > "$3/bin/pip" < "$3/bin/python"; /bin/chmod +x "$3/bin/python"`,
    )
  }
  const calls = () => readFileSync(join(home, "pip-calls"), "utf8").trim().split("\n")
  const prepare = () => preparePython({ requirements: ["numpy==2.4.6"], folder: home })

  test("is made once, of wheels only, also for two who want it at once", async () => {
    python("")
    const [first, second] = await Promise.all([prepare(), prepare()])
    expect(first).toEqual(second)
    expect(await prepare()).toEqual(first)
    expect(calls()).toEqual([expect.stringMatching(/--only-binary=:all: numpy==2.4.6$/)])
  })

  test("is made anew with another Python", async () => {
    python("")
    await prepare()
    program("python3", readFileSync(join(bin, "python3"), "utf8").replace("3.12.1", "3.13.0"))
    await prepare()
    expect(calls()).toHaveLength(2)
  })

  test("that cannot be filled says why, and counts for nothing", async () => {
    python("echo 'ERROR: Could not find a version that satisfies the requirement numpy==2.4.6' >&2; exit 1")
    await expect(prepare()).rejects.toMatchObject({
      code: "UNREACHABLE",
      retryable: true,
      message:
        "pip could not install numpy: Could not find a version that satisfies the requirement numpy==2.4.6",
    })
    python("echo 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.' >&2; exit 1")
    await expect(prepare()).rejects.toMatchObject({ code: "FILE_CORRUPT" })
    python("echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1")
    await expect(prepare()).rejects.toMatchObject({ code: "DISK_FULL" })
    python("")
    expect((await prepare()).folder).toContain(home)
  })
})

describe("jars", () => {
  const wanted = "the real jar"
  const prepare = () => {
    const checksumFile = join(home, "jars.sha256")
    writeFileSync(checksumFile, `${sha256(wanted)}  a-1.jar\n`)
    return prepareJars({ coordinates: ["group:a:1"], checksumFile, folder: home })
  }
  const maven = (content: string, name = "a-1.jar") => {
    program("java", "echo 'openjdk version \"17.0.15\"' >&2")
    program(
      "mvn",
      `for word in "$@"; do case "$word" in -DoutputDirectory=*) out="\${word#*=}";; esac; done
printf '%s' '${content}' > "$out/${name}"`,
    )
  }

  test("are fetched once and checked", async () => {
    maven(wanted)
    const folder = await prepare()
    expect(readFileSync(join(folder, "a-1.jar"), "utf8")).toBe(wanted)
    maven("something else")
    expect(await prepare()).toBe(folder)
  })

  test("that are others, or more than those, are refused by name", async () => {
    maven("something else")
    await expect(prepare()).rejects.toMatchObject({
      code: "FILE_CORRUPT",
      message: "Not the pinned jars: a-1.jar.",
    })
    maven(wanted, "b-2.jar")
    await expect(prepare()).rejects.toMatchObject({ message: "Not the pinned jars: b-2.jar, a-1.jar." })
  })

  test("that cannot be fetched are a failure of the network", async () => {
    program("java", "echo 'openjdk version \"17.0.15\"' >&2")
    program("mvn", "echo '[ERROR] Could not resolve group:a:1'; exit 1")
    await expect(prepare()).rejects.toMatchObject({
      code: "UNREACHABLE",
      message: expect.stringContaining("Could not resolve group:a:1"),
    })
  })
})

describe("Docker Compose", () => {
  /** A Docker that notes what it is asked. */
  const docker = (up: string) =>
    program("docker", `echo "$KAFKA_PORT $@" >> ${home}/docker-calls\ncase "$*" in *" up "*) ${up} ;; esac`)
  const calls = () => readFileSync(join(home, "docker-calls"), "utf8")

  test("is used where an engine answers; a service that does not come up is removed again", async () => {
    docker("echo 'pull access denied' >&2; exit 1")
    await expect(up("kafka")).rejects.toMatchObject({
      code: "START_FAILED",
      message: "Docker Compose could not start kafka: pull access denied",
    })
    expect(calls()).toMatch(
      /^ compose version\n info\n\d+ compose --project-name roadmap-\w{8} --file .*compose.yaml up --detach --wait/,
    )
    expect(calls()).toMatch(/ down\n$/)
  })

  test("is left alone where there is no engine, or the caller wants none", async () => {
    program("docker", '[ "$1" = compose ]')
    await expect(up("kafka")).rejects.toMatchObject({ message: expect.stringContaining("java") })
    docker("exit 1")
    await expect(up("kafka", { starter: "native" })).rejects.toMatchObject({
      message: expect.stringContaining("java"),
    })
    expect(await stopEngine(findEngine("kafka"), { home })).toBe(false)
  })
})

test("Spark is refused where its port cannot be shut off, before anything is fetched", async () => {
  program("java", "echo 'openjdk version \"17.0.15\"' >&2")
  await expect(up("spark")).rejects.toMatchObject({
    code: "START_FAILED",
    message: expect.stringContaining("every network interface"),
    hint: expect.stringContaining("--allow-open-port"),
  })
  await expect(up("spark", { allowOpenPort: true })).rejects.toMatchObject({
    message: expect.stringContaining('no "python3"'),
  })
})

test("an unknown service is refused with the nearest name", () => {
  expect(() => findEngine("postgre")).toThrow(
    expect.objectContaining({
      code: "UNKNOWN_NAME",
      hint: expect.stringContaining("Did you mean postgres?"),
    }),
  )
  expect(() => findEngine("oracle")).toThrow(expect.objectContaining({ code: "UNKNOWN_NAME" }))
})
