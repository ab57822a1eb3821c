import { isRoadmapError } from "@roadmap/core/errors"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseFilter, parseOrderBy, searchableRuns } from "../src/filter.ts"
import { compileFilter, type SearchTables } from "../src/filter-sql.ts"

const tables: SearchTables = {
  columns: { status: "runs.status", run_id: "runs.run_id" },
  rows: {
    metric: { from: "from m where m.key = ?", value: "m.value", nan: "m.is_nan" },
    param: { from: "from p where p.key = ?", value: "p.value" },
    tag: { from: "from t where t.key = ?", value: "t.value" },
  },
}
const parse = (filter: string) => parseFilter(filter, searchableRuns)
const messageOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (isRoadmapError(error, "INVALID_INPUT")) return `${error.message} ${error.hint}`
    throw error
  }
  throw new Error("expected a refusal")
}

describe("a search filter", () => {
  it("is read into comparisons, whatever MLflow's spelling of the entity", () => {
    expect(
      parse(
        'metric.rmse<=3e-1 AND `run name` = \'x\' and parameters."a b" iLike "it\'s" and tag.k is not null',
      ),
    ).toEqual([
      { entity: "metric", key: "rmse", operator: "<=", value: 0.3 },
      { entity: "attribute", key: "run_name", operator: "=", value: "x" },
      { entity: "param", key: "a b", operator: "ILIKE", value: "it's" },
      { entity: "tag", key: "k", operator: "IS NOT NULL" },
    ])
  })
  it("reads negative numbers, exponents and lists", () => {
    expect(parse("metrics.m > -1.5E+3 and run_id not in ('a','b')")).toEqual([
      { entity: "metric", key: "m", operator: ">", value: -1500 },
      { entity: "attribute", key: "run_id", operator: "NOT IN", value: ["a", "b"] },
    ])
  })
  it("names the mistake and the nearest right word", () => {
    expect(messageOf(() => parse("metrcs.rmse < 1"))).toContain('Did you mean "metrics"?')
    expect(messageOf(() => parse("attributes.statis = 'x'"))).toContain('Did you mean "status"?')
    expect(messageOf(() => parse("rmse < 30"))).toContain("metrics.rmse")
    expect(messageOf(() => parse("metrics.a < 1 or metrics.b < 1"))).toContain("no OR")
    expect(messageOf(() => parse("metrics.a/b < 1"))).toContain("backticks")
    expect(messageOf(() => parse("params.depth = 3"))).toContain("quotes")
  })
  it("does not take a name of JavaScript's objects for an entity or attribute", () => {
    for (const filter of ["constructor.x = 'a'", "toString = 'a'", "attributes.__proto__ = 'a'"])
      expect(messageOf(() => parse(filter))).toMatch(/is no attribute|is not one of/)
  })

  it("never lets a value or a key into the SQL text", () => {
    const quotable = fc.string({ minLength: 1 }).filter(text => !text.includes("'"))
    const key = fc.string({ minLength: 1 }).filter(text => !text.includes("`"))
    fc.assert(
      fc.property(key, quotable, (name, value) => {
        const comparisons = parse(`params.\`${name}\` = '${value}'`)
        expect(comparisons).toEqual([{ entity: "param", key: name, operator: "=", value }])
        const sql = compileFilter(comparisons, tables)
        expect(sql.text).toBe("exists (select 1 from p where p.key = ? and p.value = ?)")
        expect(sql.parameters).toEqual([name, value])
      }),
    )
  })
  it("of any text is read or refused as INVALID_INPUT, never anything else", () => {
    const words = [
      "metrics",
      "params",
      ".",
      "a",
      "`",
      "'",
      '"',
      "<",
      "=",
      "and",
      "(",
      ")",
      ",",
      "in",
      "is",
      "null",
      "1",
      " ",
      "\\",
      "\n",
    ]
    const soup = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 12 })
    fc.assert(
      fc.property(soup, parts => {
        for (const read of [parse, (text: string) => parseOrderBy(text, searchableRuns)]) {
          try {
            read(parts.join(""))
          } catch (error) {
            if (!isRoadmapError(error, "INVALID_INPUT")) throw error
          }
        }
      }),
      { numRuns: 500 },
    )
  })
  it("finds by LIKE what SQL's LIKE means, with regard to case", () => {
    const glob = (pattern: string) => compileFilter(parse(`params.p LIKE '${pattern}'`), tables).parameters[1]
    expect(glob("a%b_c")).toBe("a*b?c")
    expect(glob("100*[x]?")).toBe("100[*][[]x][?]")
  })
})

describe("an order", () => {
  it("is ascending unless it says DESC", () => {
    expect(parseOrderBy("metrics.`a/b` DESC", searchableRuns)).toEqual({
      entity: "metric",
      key: "a/b",
      descending: true,
    })
    expect(parseOrderBy("start_time", searchableRuns)).toEqual({
      entity: "attribute",
      key: "start_time",
      descending: false,
    })
  })
})
