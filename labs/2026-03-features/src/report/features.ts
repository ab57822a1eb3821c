import type { StepResultOf } from "@roadmap/labkit/lab"
import { formatCount, formatNumber, formatPercent } from "@roadmap/report/format"
import type { Block, Section } from "@roadmap/report/page"
import type { defineFeatures } from "../define.ts"
import type { knowFacts } from "../facts.ts"
import type { FeatureFinding, searchLeaks } from "../leakage.ts"
import type { replayOnline } from "../replay.ts"
import type { snapTrainingSet } from "../snapshot.ts"

export const knownSection = (
  facts: StepResultOf<typeof knowFacts>,
  { snapshot, joinSeconds, warnings }: StepResultOf<typeof snapTrainingSet>,
): Section => ({
  id: "known",
  title: "When was what known?",
  text:
    `A flight's outcome is known when it has arrived, in the median ${formatNumber(facts.minutes)} minutes after departure. ` +
    `Times are in UTC: the clocks of ${formatCount(facts.airports)} airports differ by hours, and so would what was known.`,
  blocks: [
    {
      kind: "table",
      caption: "The training set, as a snapshot",
      table: {
        columns: [{ label: "What" }, { label: "Value" }],
        rows: [
          ["Flights", formatCount(snapshot.rows)],
          ["As of", snapshot.asOf],
          ["Service", `${snapshot.service} ${snapshot.serviceVersion}`],
          ["Content hash", snapshot.contentHash.slice(0, 32)],
          ["Features joined in", `${joinSeconds} s`],
        ],
      },
      note: "The same snapshot can be built again, bit for bit, after any later load: rows written since are not in it.",
    },
    ...(warnings.length > 0 ? [{ kind: "list" as const, items: warnings }] : []),
  ],
})

export const definitionsSection = ({ views }: StepResultOf<typeof defineFeatures>): Section => ({
  id: "features",
  title: "The features",
  text: "Definitions are data: the training set, the online store and the report all come from them.",
  blocks: [
    {
      kind: "table",
      caption: "Feature views, by the role that they play for a flight",
      table: {
        columns: [
          { label: "View" },
          { label: "Of the flight's" },
          { label: "Feature" },
          { label: "Meaning" },
        ],
        rows: views.flatMap(({ view, keys, features }) =>
          features.map(({ name, meaning }) => [view, keys.join(", "), name, meaning]),
        ),
      },
    },
  ],
})

export const leakageSection = (found: StepResultOf<typeof searchLeaks>): Section => {
  const caught = found.planted.some(({ verdict }) => verdict === "leak")
  return {
    id: "leakage",
    title: "Leakage",
    text:
      "Of each feature: its skill alone, the skill of the same feature ten minutes earlier, and whether it comes out the same when " +
      "recomputed from what was known at past moments.",
    blocks: [
      findingsTable("Every feature of the service", found.features),
      {
        kind: "callout",
        tone: caught ? "good" : "bad",
        title: caught ? "The planted leak was found" : "The planted leak was not found",
        text: found.planted.map(({ name, reason }) => `${name}: ${reason}`).join(" "),
      },
      {
        kind: "table",
        caption: "Do June's airports and routes occur in training?",
        table: {
          columns: [
            { label: "Keys" },
            { label: "June's flights asked", format: formatCount },
            { label: "Seen in training", format: value => formatPercent(value) },
          ],
          rows: found.entities.map(({ keys, testRows, seenShare }) => [keys.join(", "), testRows, seenShare]),
        },
        note: `${formatCount(found.repeatedRows)} flights of June have the keys and the minute of a training flight.`,
      },
    ],
  }
}

const findingsTable = (caption: string, findings: readonly FeatureFinding[]): Block => ({
  kind: "table",
  caption,
  table: {
    columns: [
      { label: "Feature" },
      { label: "Verdict" },
      { label: "Skill", format: value => value.toFixed(3) },
      { label: "Earlier", format: value => value.toFixed(3) },
      { label: "Reason" },
    ],
    rows: findings.map(({ name, verdict, skill, control, reason }) => [
      name,
      verdict,
      skill ?? null,
      control ?? null,
      reason,
    ]),
  },
})

export const replaySection = (replay: StepResultOf<typeof replayOnline>): Section => {
  const different = replay.features.reduce((sum, each) => sum + each.different, 0)
  const compared = replay.features.reduce((sum, each) => sum + each.compared, 0)
  return {
    id: "replay",
    title: "Served as trained",
    text:
      `The online store is filled to ${replay.from}; then the facts come as they became known, and ${formatCount(replay.flights)} random ` +
      `flights until ${replay.to} ask for their features at the minute in which they leave.`,
    blocks: [
      {
        kind: "callout",
        tone: different === 0 ? "good" : "bad",
        title: `${formatCount(different)} of ${formatCount(compared)} values differ from the training set's`,
        text: `${formatCount(replay.moments)} moments, ${formatCount(replay.pushed)} facts pushed; equal means equal to the last bit.`,
      },
    ],
  }
}
