import { describe, expect, it } from "vitest"
import { cardSchema, renderCard } from "../src/card.ts"
import { sampleCard } from "../testing/sample-model.ts"

const headings = (markdown: string) => markdown.split("\n").filter(line => line.startsWith("#"))

describe("a model card", () => {
  it("has the sections of Mitchell et al. in order, ethical ones only when there is something to say", () => {
    const all = [
      "# Model card: flight-delay",
      "## Model details",
      "## Intended use",
      "## Factors: the features",
      "## Training and evaluation data",
      "## Metrics",
      "## Caveats and known limits",
      "## How to load",
    ]
    expect(headings(renderCard(sampleCard))).toEqual(all)
    const careful = renderCard({
      ...sampleCard,
      ethical: ["Says nothing about people."],
      outOfScope: ["Planning crews."],
    })
    expect(headings(careful)).toEqual(all.toSpliced(6, 0, "## Ethical considerations"))
    expect(careful).toContain("- Planning crews.")
  })
  it("shows every number it was given: data, split, parameters, metrics with interval and baseline", () => {
    const text = renderCard(sampleCard)
    for (const part of [
      "| rmse | test | 31.25 | 31.1 to 31.4 | 35.5 |",
      "| lambda | 0.1 |",
      "flights, 2,999,000 rows, 2001-01-01 to 2001-06-30",
      sampleCard.data.contentHash,
      "| test | 500,000 | 2001-06-01 to 2001-06-30 |",
      "95 % interval",
      "The baseline is the mean of the training rows",
    ])
      expect(text).toContain(part)
  })
  it("is the same text for the same card", () => {
    expect(renderCard(structuredClone(sampleCard))).toBe(renderCard(sampleCard))
  })
  it("cannot be broken by its fields: no field starts a section, a row or ends the code", () => {
    const text = renderCard({
      ...sampleCard,
      name: "x\n## Fake section",
      features: [{ name: "a|b\n| c", type: "double" }],
      limits: ["one\n\n## Another"],
      load: "const s = `a`\n```\n## Third",
    })
    expect(headings(text.slice(0, text.indexOf("## How to load")))).toHaveLength(7)
    expect(text).toContain("| a\\|b \\| c | double |  |")
    expect(text).toMatch(/````ts\nconst s = `a`\n```\n## Third\n````\n$/)
  })
  it("is refused as data when a metric is not a number", () => {
    const metrics = [{ name: "rmse", split: "test", value: "31" }]
    expect(cardSchema.safeParse({ ...sampleCard, metrics }).success).toBe(false)
  })
})
