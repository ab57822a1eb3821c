import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { pathToFileURL } from "node:url"
import type { Fault } from "../check.ts"
import type { RawFault } from "./messages.ts"

/** The uppermost line of `file` in a stack, which is where the learner's own code last was. */
export const lineInStack = (stack: string, file: string): number | undefined => {
  const url = pathToFileURL(file).href
  for (const name of [url, file]) {
    const at = stack.indexOf(`${name}:`)
    if (at >= 0) return Number.parseInt(stack.slice(at + name.length + 1), 10) || undefined
  }
  return undefined
}

/** Where a file imports what it may not; `message` quotes the specifier. */
export const lineOfImport = async (message: string, file: string): Promise<number | undefined> => {
  const specifier = /"(.*)"/.exec(message)?.[1]
  if (specifier === undefined) return undefined
  const lines = (await readFile(file, "utf8")).split("\n")
  const index = lines.findIndex(line => line.includes(`"${specifier}"`) || line.includes(`'${specifier}'`))
  return index < 0 ? undefined : index + 1
}

/** V8 keeps the place of an early error to itself when a module is imported; `node --check` prints it. */
export const lineOfSyntaxError = async (fault: RawFault, file: string): Promise<Fault> => {
  const { kind, message, stack } = fault
  const known = lineInStack(stack, file)
  if (known) return { kind, message, line: known }
  if (/does not provide an export/.test(message)) return { kind: "import", message }
  if (fault.source === undefined) return { kind, message }
  const printed = await checkSyntax(fault.source)
  const line = Number(/^\[stdin\]:(\d+)/m.exec(printed)?.[1]) || undefined
  return { kind, message, line }
}

const checkSyntax = async (source: string): Promise<string> => {
  const child = spawn(process.execPath, ["--no-warnings", "--input-type=module", "--check", "-"], {
    env: {},
    stdio: ["pipe", "ignore", "pipe"],
  })
  const ended = new Promise(resolve => child.on("close", resolve))
  let printed = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    printed += text
  })
  child.stdin.on("error", () => undefined)
  child.stdin.end(source)
  await ended
  return printed
}
