import { loadConfig } from "@roadmap/core/config"
import type { FixtureRepository } from "@roadmap/labkit/testing/fixture-repository"
import { type CommandContext, createContext } from "../src/context.ts"

export interface TestContext extends CommandContext {
  /** The document of the last command. */
  document(): unknown
  /** What it prints for people. */
  text(): string
}

/** A command's context on a fixture repository; prints are kept instead of written. */
export const testContext = ({ root, home }: FixtureRepository): TestContext => {
  let last: { result: unknown; toText: () => string } | undefined
  const config = loadConfig({ ROADMAP_HOME: home, NO_COLOR: "1" })
  return {
    ...createContext(config, true, new AbortController().signal),
    root,
    columns: 100,
    print(result, toText) {
      last = { result, toText }
    },
    document: () => JSON.parse(JSON.stringify(last?.result)),
    text: () => last?.toText() ?? "",
  }
}
