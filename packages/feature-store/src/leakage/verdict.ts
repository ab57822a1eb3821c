import type { ReplayResult } from "./replay.ts"

export type Verdict = "clean" | "suspect" | "leak"

/** What was found about one feature. */
export interface Evidence {
  /** Skill of the feature alone, 0 to 1; absent for texts. */
  readonly skill?: number
  /** The same with the feature as it was known a little earlier. */
  readonly control?: number
  /** Rows behind the skill. */
  readonly rows: number
  /** Share of rows in which the feature is the target, and the same a little earlier. */
  readonly equal: number
  readonly equalControl: number
  /** Skill among entities with at most three labels, where a label weighs most in its own statistic. */
  readonly rareSkill?: number
  /** Skill among the other entities. */
  readonly commonSkill?: number
  readonly replay?: ReplayResult
  /** Why there was no replay. */
  readonly notReplayed?: string
  /** Facts known before, or in the moment, they happen; for windowed features. */
  readonly earlyFacts: number
  readonly binaryTarget: boolean
}

/** Replayed values of one feature that a verdict needs to rest on them. */
const enoughReplayed = 20

/**
 * The strongest evidence decides. A replay that differs proves a leak; one that agrees outweighs every sign short of a
 * copied target, because skill that falls with time is also what honest short windows show.
 */
export const judge = (found: Evidence): { verdict: Verdict; reason: string } => {
  const {
    skill = 0,
    control = 0,
    rows,
    equal,
    equalControl,
    rareSkill = 0,
    commonSkill,
    replay,
    earlyFacts,
  } = found
  if (replay && replay.different > 0) return { verdict: "leak", reason: replayText(replay) }
  if (rows >= 30 && skill >= 0.98)
    return {
      verdict: "leak",
      reason: `orders the target almost perfectly by itself (skill ${skill.toFixed(3)}): a copy of it`,
    }
  if (rows >= 30 && !found.binaryTarget && equal >= 0.5)
    return { verdict: "leak", reason: `equals the target in ${percent(equal)} of the rows: a copy of it` }
  if (replay && replay.compared >= enoughReplayed)
    return {
      verdict: "clean",
      reason: `${replay.compared.toLocaleString("en")} values recomputed at ${replay.moments} past moments from what was known then are equal`,
    }
  if (earlyFacts > 0)
    return {
      verdict: "suspect",
      reason: `${earlyFacts.toLocaleString("en")} facts are known no later than they happen: is the known time the right column?`,
    }
  if (skill >= 0.1 && control < 0.5 * skill && skill - control > 4 / Math.sqrt(rows))
    return {
      verdict: "suspect",
      reason: `its skill falls from ${skill.toFixed(3)} to ${control.toFixed(3)} when it is taken a little earlier: does it see its own label?`,
    }
  if (!found.binaryTarget && equal >= 0.05 && equalControl < 0.5 * equal)
    return {
      verdict: "suspect",
      reason: `equals the target in ${percent(equal)} of the rows, and in ${percent(equalControl)} when taken a little earlier`,
    }
  if (commonSkill !== undefined && rareSkill >= 0.5 && rareSkill >= 1.5 * commonSkill)
    return {
      verdict: "suspect",
      reason: `knows most about entities with at most three labels (skill ${rareSkill.toFixed(3)} against ${commonSkill.toFixed(3)}): a target encoding that contains the row itself?`,
    }
  return {
    verdict: "clean",
    reason: replay
      ? `no sign of a leak; the ${replay.compared} replayed values are equal, but they are few`
      : `no sign of a leak; not replayed: ${found.notReplayed}`,
  }
}

const replayText = ({ different, compared, example }: ReplayResult): string =>
  `${different.toLocaleString("en")} of ${compared.toLocaleString("en")} replayed values differ from what could be known` +
  (example
    ? `: at ${example.at.toISOString()} it was ${show(example.served)}, and ${show(example.known)} from what was known`
    : "")

const show = (value: number | string | null): string =>
  typeof value === "number" ? String(Number(value.toPrecision(6))) : value === null ? "nothing" : `"${value}"`

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
