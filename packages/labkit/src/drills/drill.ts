import type { Config } from "@roadmap/core/config"
import type { Random } from "@roadmap/core/random"

/** Where a drill happens: a private home folder with a small running system of the month. */
export interface DrillPlace {
  /** Absolute path of the private ROADMAP_HOME. */
  home: string
  /** `home` as configuration: what `openWarehouse(config)` and the others take. Embedded adapters only. */
  config: Config
  /** Folder of the repository. */
  root: string
  seed: number
  /** A stream of this drill's seed. Equal seeds give equal copies and equal faults. */
  random: Random
  signal: AbortSignal
  /** Runs `roadmap <args>` on this home, as the learner would. Does not throw for a failing command. */
  roadmap(...args: string[]): Promise<CommandResult>
}

export interface CommandResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** One thing that must be true of the repaired system. */
export interface Grade {
  /** "no model version without a run". */
  what: string
  passed: boolean
  /** What was found, for the learner: "version 2 has no run". */
  found: string
}

export type Recovery = (place: DrillPlace) => Promise<void>

export interface DrillDefinition<State> {
  /** The drill's folder name: "renamed-column". */
  id: string
  title: string
  /** Default 1. */
  seed?: number
  /** Minutes within which a good operator has recovered; shown, not graded. */
  targetMinutes: number
  /** Builds the small healthy system in `place.home`: a deterministic sample, seconds at most. */
  prepare(place: DrillPlace): Promise<void>
  /** Injects the fault. */
  break(place: DrillPlace): Promise<void>
  /** Reads the state as JSON data. The same seed gives the same state: no times, no generated ids. */
  observe(place: DrillPlace): Promise<State>
  /** Judges the state alone, never how it came about. Passed when every grade is. */
  grade(state: State): readonly Grade[]
  /** What the fault could be, by id; one is right. The learner names it with `--found <id>`: time to detect. */
  causes: Record<string, string>
  cause: string
  recoveries: {
    /** The scripted recovery: the gate runs it, and `--solve` does. */
    right: Recovery
    /** Recoveries that look right and are not, by what they do: "deletes the quarantine". None may pass. */
    wrong: Record<string, Recovery>
  }
  /** Said after a pass. */
  passed?: string
}

/** The default export of `drills/<name>/drill.ts`; the text for the learner is `brief.md` beside it. */
export const defineDrill = <State>(drill: DrillDefinition<State>): DrillDefinition<State> => {
  if (!(drill.cause in drill.causes))
    throw new Error(`Drill "${drill.id}": cause "${drill.cause}" is not among its causes.`)
  return drill
}
