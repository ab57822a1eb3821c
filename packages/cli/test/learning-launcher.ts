/** `node learning-launcher.ts <root> <args…>`: the learning commands as in bin/roadmap.js, on another repository folder. */
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { Command, CommanderError } from "commander"
import { createContext, printError } from "../src/context.ts"
import { addLearningCommands } from "../src/learning.ts"

const [root, ...args] = process.argv.slice(2)
const json = args.includes("--json")
const interrupt = new AbortController()
process.on("SIGINT", () => {
  process.exitCode = 130
  interrupt.abort(new RoadmapError("INTERRUPTED", "Interrupted."))
})
const program = new Command("roadmap").option("--json").exitOverride()
addLearningCommands(program, load => async (...rest) => {
  const context = { ...createContext(loadConfig(), json, interrupt.signal), root }
  const handler = await load()
  process.exitCode = (await handler(context, ...(rest.slice(0, -1) as never[]))) ?? 0
})
try {
  await program.parseAsync(args, { from: "user" })
} catch (error) {
  if (!(error instanceof CommanderError)) printError(toRoadmapError(error), json)
  process.exitCode = error instanceof CommanderError ? 2 : toRoadmapError(error).exitCode
}
