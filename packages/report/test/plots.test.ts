import { isRoadmapError } from "@roadmap/core/errors"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { barChart } from "../src/plots/bar-chart.ts"
import { calibrationPlot, wilsonInterval } from "../src/plots/calibration-plot.ts"
import { heatmap } from "../src/plots/heatmap.ts"
import { histogram } from "../src/plots/histogram.ts"
import { intervalPlot } from "../src/plots/interval-plot.ts"
import { learningCurvePlot } from "../src/plots/learning-curve.ts"
import { lineChart, spread } from "../src/plots/line-chart.ts"
import { inlineSvg, type Plot, slug, standaloneSvg } from "../src/plots/plot.ts"
import { scatter } from "../src/plots/scatter.ts"
import { element } from "../src/plots/svg.ts"
import { timeSeries, trailingMean } from "../src/plots/time-series.ts"
import { samplePage } from "./sample-page.ts"

const title = "T"
const x = { label: "x" }
const y = { label: "y" }
const line = (xs: number[], ys: number[]) =>
  lineChart({ title, x, y, series: [{ label: "a", x: xs, y: ys }] })

const refusal = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    expect(isRoadmapError(error, "INVALID_INPUT")).toBe(true)
    return (error as Error).message
  }
  throw new Error("It was not refused.")
}

/** Every tag that opens also closes, in order: what an XML reader asks first. */
const isBalanced = (svg: string): boolean => {
  const open: string[] = []
  for (const [, closing, name, self] of svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)) {
    if (closing) {
      if (open.pop() !== name) return false
    } else if (!self) open.push(name)
  }
  return open.length === 0
}

const empty: Record<string, () => Plot> = {
  barChart: () => barChart({ title, valueLabel: "v", bars: [] }),
  histogram: () => histogram({ title, x, edges: [0, 1, 2], series: [{ label: "a", counts: [0, 0] }] }),
  lineChart: () => line([], []),
  scatter: () => scatter({ title, x, y, series: [] }),
  calibrationPlot: () => calibrationPlot({ title, models: [{ label: "a", bins: [] }] }),
  learningCurvePlot: () =>
    learningCurvePlot({ title, sizes: [], metric: "m", train: { score: [] }, validation: { score: [] } }),
  intervalPlot: () => intervalPlot({ title, valueLabel: "v", rows: [] }),
  heatmap: () =>
    heatmap({ title, xLabel: "x", yLabel: "y", valueLabel: "v", columns: [], rows: [], values: [] }),
  timeSeries: () => timeSeries({ title, days: [], y, series: [] }),
}

const { NaN: nan } = Number
const missing: Record<string, () => Plot> = {
  barChart: () => barChart({ title, valueLabel: "v", bars: [{ label: "a", value: nan }] }),
  lineChart: () => line([1, 2], [nan, Number.POSITIVE_INFINITY]),
  scatter: () => scatter({ title, x, y, series: [{ label: "a", x: [nan], y: [1] }] }),
  calibrationPlot: () =>
    calibrationPlot({ title, models: [{ label: "a", bins: [{ predicted: nan, observed: nan, count: 3 }] }] }),
  learningCurvePlot: () =>
    learningCurvePlot({
      title,
      sizes: [10],
      metric: "m",
      train: { score: [nan] },
      validation: { score: [nan] },
    }),
  intervalPlot: () =>
    intervalPlot({ title, valueLabel: "v", rows: [{ label: "a", point: nan, low: nan, high: nan }] }),
  heatmap: () =>
    heatmap({
      title,
      xLabel: "x",
      yLabel: "y",
      valueLabel: "v",
      columns: ["a"],
      rows: ["b"],
      values: [[nan]],
    }),
  timeSeries: () => timeSeries({ title, days: ["2001-01-01"], y, series: [{ label: "a", values: [nan] }] }),
}

describe("a plot of nothing", () => {
  test.each(Object.keys(empty))("%s without data says so", name => {
    expect(inlineSvg(empty[name]())).toContain("No data")
    expect(empty[name]().description).toMatch(/^No data: /)
  })

  test.each(Object.keys(missing))("%s with missing values alone says so", name => {
    expect(inlineSvg(missing[name]())).toContain("No data")
    expect(standaloneSvg(missing[name]())).not.toMatch(/NaN|Infinity|undefined/)
  })
})

describe("every plot of the sample page", () => {
  const plots = samplePage().sections.flatMap(section =>
    section.blocks.flatMap(block =>
      block.kind === "plot" ? [block] : block.kind === "pair" ? block.plots : [],
    ),
  )

  test("is one image with a title, a description and no script or outside address", () => {
    expect(plots).toHaveLength(12)
    for (const plot of plots)
      for (const svg of [inlineSvg(plot), inlineSvg(plot, { size: "narrow" }), standaloneSvg(plot)]) {
        expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="([\w-]+)-title \1-desc"/)
        expect(svg).toMatch(/<title id="[\w-]+-title">[^<]+<\/title><desc id="[\w-]+-desc">[^<]{20,}<\/desc>/)
        expect(svg).not.toMatch(/<script|\son\w+=|href|url\(|@import|NaN|Infinity|undefined/)
        expect(isBalanced(svg)).toBe(true)
      }
  })

  test("has its numbers as a table of one width", () => {
    for (const { table } of plots) {
      expect(table.rows.length).toBeGreaterThan(0)
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length)
    }
  })
})

test("the same data give the same bytes", () => {
  const draw = () => standaloneSvg(line([1, 2, 3], [0.1 + 0.2, 5, 2]))
  expect(draw()).toBe(draw())
})

test("text in labels cannot become markup, nor break an XML reader", () => {
  const hostile = `</title><script>alert("1")</script>&'\u0000\u0007\ud800`
  const svg = standaloneSvg(
    lineChart({
      title: hostile,
      x: { label: hostile },
      y: { label: hostile },
      series: [
        { label: hostile, x: [1], y: [2] },
        { label: "b", x: [1], y: [2] },
      ],
      markers: [{ axis: "x", value: 1, label: hostile }],
      note: hostile,
    }),
  )
  expect(svg).not.toContain("<script")
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(svg).not.toMatch(/[\u0000\u0007\ud800]/)
  expect(isBalanced(svg)).toBe(true)
})

test("a quote in an attribute stays in it", () => {
  expect(element("rect", { class: `a" onload="x` })).toBe(`<rect class="a&quot; onload=&quot;x"/>`)
})

test("any finite data can be drawn", () => {
  const number = fc.double({ min: -1e15, max: 1e15, noNaN: true })
  fc.assert(
    fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 40 }), pairs => {
      const svg = standaloneSvg(
        line(
          pairs.map(p => p[0]),
          pairs.map(p => p[1]),
        ),
      )
      expect(svg).not.toMatch(/NaN|Infinity/)
      expect(svg).not.toContain("No data")
    }),
    { numRuns: 60 },
  )
})

describe("what is refused", () => {
  test("more than 20,000 marks, with advice", () => {
    const many = new Float64Array(20_001)
    expect(refusal(() => scatter({ title, x, y, series: [{ label: "a", x: many, y: many }] }))).toBe(
      'Plot "T" has 20001 marks; the most is 20000.',
    )
  })

  test("columns of different lengths, by name", () => {
    expect(refusal(() => line([1, 2], [1]))).toBe('Plot "T": y of "a" has 1 values where 2 are needed.')
  })

  test("half a band", () => {
    expect(
      refusal(() => lineChart({ title, x, y, series: [{ label: "a", x: [1], y: [1], low: [0] }] })),
    ).toContain("one end of its band")
  })

  test("bin edges that do not ascend, counts below zero, counts over unequal bins", () => {
    const series = [{ label: "a", counts: [1, 1] }]
    expect(refusal(() => histogram({ title, x, edges: [0, 2, 2], series }))).toContain("bin edge 2 is 2")
    expect(
      refusal(() => histogram({ title, x, edges: [0, 1, 2], series: [{ label: "a", counts: [1, -1] }] })),
    ).toContain("counts -1 in bin 1")
    expect(refusal(() => histogram({ title, x, edges: [0, 1, 9], series, measure: "count" }))).toContain(
      "unequal bins",
    )
  })

  test("days that are no days or out of order", () => {
    const series = (n: number) => [{ label: "a", values: new Array<number>(n).fill(1) }]
    expect(refusal(() => timeSeries({ title, days: ["2001-02-30"], y, series: series(1) }))).toContain(
      '"2001-02-30" is not a day',
    )
    expect(
      refusal(() => timeSeries({ title, days: ["2001-02-02", "2001-02-02"], y, series: series(2) })),
    ).toContain("comes after")
  })

  test("probabilities beyond 0 and 1", () => {
    const bins = [{ predicted: 1.2, observed: 0.5, count: 3 }]
    expect(refusal(() => calibrationPlot({ title, models: [{ label: "a", bins }] }))).toContain(
      "predicted 1.2",
    )
  })
})

describe("what is left out is said", () => {
  test("missing values are counted in the note", () => {
    expect(line([1, 2, 3], [1, nan, 3]).note).toBe("1 value is missing.")
  })

  test("values that a logarithmic axis cannot show are counted", () => {
    const plot = lineChart({
      title,
      x,
      y: { label: "y", scale: "log" },
      series: [{ label: "a", x: [1, 2, 3], y: [0, -1, 10] }],
    })
    expect(plot.note).toBe("2 values not above 0 cannot be shown on a logarithmic axis.")
  })

  test("a line whose last values are missing is named where it ends", () => {
    const svg = inlineSvg(
      lineChart({
        title,
        x,
        y,
        series: [
          { label: "whole", x: [1, 2, 3], y: [1, 2, 3] },
          { label: "short", x: [1, 2, 3], y: [3, 3, nan] },
        ],
      }),
    )
    expect(svg).toContain(">short</text>")
    expect(svg).not.toContain("NaN")
  })

  test("a gap in a line is a gap in its path", () => {
    const path = /class="curve s1" d="([^"]+)"/.exec(inlineSvg(line([1, 2, 3, 4, 5], [1, 2, nan, 2, 1])))![1]
    expect(path.match(/M/g)).toHaveLength(2)
  })
})

describe("histograms", () => {
  test("of unequal bins show density, so that area is what counts", () => {
    const plot = histogram({ title, x, edges: [0, 1, 3], series: [{ label: "a", counts: [10, 10] }] })
    expect(plot.table.rows.map(row => row[3])).toEqual([0.5, 0.25])
  })

  test("of bins equal on a logarithmic axis may show counts", () => {
    const plot = histogram({
      title,
      x: { label: "x", scale: "log" },
      edges: [1, 10, 100],
      series: [{ label: "a", counts: [3, 4] }],
    })
    expect(plot.table.rows).toEqual([
      [1, 10, 3],
      [10, 100, 4],
    ])
  })
})

describe("calibration", () => {
  test("the Wilson interval agrees with the published example of 0 and 5 in 10", () => {
    expect(wilsonInterval(0, 10)).toEqual({ low: 0, high: expect.closeTo(0.27753, 4) })
    const half = wilsonInterval(0.5, 10)
    expect(half.low).toBeCloseTo(0.23659, 4)
    expect(half.high).toBeCloseTo(0.76341, 4)
  })

  test("the description gives the expected calibration error", () => {
    const bins = [
      { predicted: 0.2, observed: 0.1, count: 300 },
      { predicted: 0.6, observed: 0.6, count: 100 },
    ]
    expect(calibrationPlot({ title, models: [{ label: "a", bins }] }).description).toContain(
      "expected calibration error 0.0750 over 400 rows",
    )
  })
})

describe("a trailing mean", () => {
  const days = (...numbers: number[]) => Float64Array.from(numbers, n => n * 86_400_000)

  test("begins with the first whole window and looks back only", () => {
    expect([...trailingMean(days(0, 1, 2, 3), Float64Array.of(1, 2, 3, 10), 3)]).toEqual([nan, nan, 2, 5])
  })

  test("counts calendar days, so a missing day is not bridged by an older one", () => {
    expect([...trailingMean(days(0, 1, 5), Float64Array.of(1, 2, 9), 2)]).toEqual([nan, 1.5, 9])
  })
})

test("direct labels are pushed apart and stay inside", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 10 }), wanted => {
      const placed = [...spread(wanted, 16, 0, 200)].sort((a, b) => a - b)
      placed.forEach((value, i) => {
        if (i > 0) expect(value - placed[i - 1]).toBeGreaterThanOrEqual(16 - 1e-6)
        expect(value).toBeGreaterThanOrEqual(-1e-6)
        expect(value).toBeLessThanOrEqual(200 + 1e-6)
      })
    }),
  )
})

test("an id is made from the title", () => {
  expect(slug("Fehler über Zeit: 2 × besser!")).toBe("fehler-uber-zeit-2-besser")
  expect(slug("…")).toBe("plot")
})
