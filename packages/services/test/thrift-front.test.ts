import fc from "fast-check"
import { expect, it } from "vitest"
import { withParameters } from "../src/thrift-front/parameters.ts"

it("leaves a statement without parameters as it is", () => {
  expect(withParameters("SELECT 1", [])).toBe("SELECT 1")
})

it("hands values to Spark beside the statement, typed, never inside it", () => {
  const values = [{ type: "BIGINT", value: { stringValue: "7" } }, { value: { stringValue: "it's" } }, {}]
  expect(withParameters("SELECT ?, ?, ?", values)).toBe(
    "EXECUTE IMMEDIATE 'SELECT ?, ?, ?' USING CAST('7' AS BIGINT), CAST('it\\'s' AS STRING), NULL",
  )
})

it("names named values", () => {
  expect(withParameters("SELECT :a", [{ name: "a", type: "INT", value: { stringValue: "1" } }])).toBe(
    "EXECUTE IMMEDIATE 'SELECT :a' USING CAST('1' AS INT) AS `a`",
  )
})

it("ends no text early, whatever is in it, and leaves Spark no variable to replace", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("'", "\\", "$", "{", "a", "?", '"') }), text => {
      const written = withParameters("SELECT ?", [{ type: "STRING", value: { stringValue: text } }])
      const literal = /USING CAST\('((?:\\.|[^'\\])*)' AS STRING\)$/s.exec(written)?.[1]
      expect(literal).toBeDefined()
      expect(written).not.toContain("${")
      const read = literal?.replace(/\\u([0-9a-f]{4})|\\(.)/g, (_, code: string, character: string) =>
        code ? String.fromCharCode(Number.parseInt(code, 16)) : character,
      )
      expect(read).toBe(text)
    }),
  )
})

it("refuses a type that is none", () => {
  expect(() => withParameters("SELECT ?", [{ type: "INT) --", value: { stringValue: "1" } }])).toThrow(
    "no type",
  )
})
