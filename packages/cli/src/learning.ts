import type { Handler } from "./main.ts"

/** The part of commander's Command that is used here; commander itself is imported by main.ts alone. */
export interface CommandLine {
  command(name: string): CommandLine
  description(text: string): CommandLine
  argument(name: string, text?: string): CommandLine
  option(flags: string, text?: string): CommandLine
  action(run: (...args: unknown[]) => Promise<void>): CommandLine
}

type Action = (load: () => Promise<Handler>) => (...args: unknown[]) => Promise<void>

/** The commands with which a month is learned: exercises, drills, progress, and the author's gate. */
export const addLearningCommands = (program: CommandLine, action: Action): void => {
  program
    .command("start")
    .description("copy an exercise's starter into the workbook and show the task")
    .argument("<exercise>", "feb/01-average-precision, or 01, or average-precision")
    .option("--again", "begin anew: replaces your answer")
    .action(action(async () => (await import("./commands/start.ts")).start))

  program
    .command("check")
    .description("check your answer to an exercise, or all of a month")
    .argument("[what]", "an exercise or a month; default: every month")
    .option("--types", "check the types too")
    .action(action(async () => (await import("./commands/check.ts")).check))

  program
    .command("watch")
    .description("check again at every save; q quits")
    .argument("[exercise]", "default: the next one")
    .action(action(async () => (await import("./commands/watch.ts")).watch))

  program
    .command("next")
    .description("the next exercise to do")
    .action(action(async () => (await import("./commands/next.ts")).next))

  program
    .command("hint")
    .description("one more hint to an exercise (recorded)")
    .argument("<exercise>", "an exercise")
    .action(action(async () => (await import("./commands/hint.ts")).hint))

  program
    .command("solution")
    .description("show the solution of an exercise (asks first; recorded)")
    .argument("<exercise>", "an exercise")
    .option("--yes", "do not ask")
    .action(action(async () => (await import("./commands/solution.ts")).solution))

  program
    .command("drill")
    .description("a broken copy of the month's system to repair; without a name, all drills")
    .argument("[name]", "a drill")
    .option("--start", "build the copy and break it: the clock runs")
    .option("--found <cause>", "name the cause")
    .option("--check", "grade the state of the copy")
    .option("--solve", "run the scripted recovery (asks first; recorded)")
    .option("--reset", "delete the copy")
    .option("--yes", "do not ask")
    .action(action(async () => (await import("./commands/drill.ts")).drill))

  program
    .command("progress")
    .description("what has been done, from the evidence")
    .option("--write", "write docs/progress")
    .option("--verify", "do again what docs/progress claims, and compare")
    .action(action(async () => (await import("./commands/progress.ts")).progress))

  const author = program.command("author").description("for those who write exercises and drills")
  author
    .command("check")
    .description("the gate over exercises and drills")
    .argument("[what]", "a month, an exercise or a drill; default: all")
    .action(action(async () => (await import("./commands/author.ts")).authorCheck))
  author
    .command("new")
    .description("write a small working exercise or drill to start from")
    .argument("<kind>", "exercise or drill")
    .argument("<month>", "feb, 2026-02 or foundations")
    .argument("<name>", "lower-case words joined by hyphens")
    .action(action(async () => (await import("./commands/author.ts")).authorNew))
}
