import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  columnsFromJson,
  columnsToJson,
  columnTypes,
  inferSignature,
  inputProblems,
  type Signature,
  validateInput,
} from "../src/signature.ts"

const signature: Signature = {
  inputs: [
    { name: "distance", type: "double", required: true },
    { name: "origin", type: "string", required: true },
    { name: "hour", type: "integer", required: true },
    { name: "minutes", type: "long", required: true },
    { name: "weekend", type: "boolean", required: false },
    { name: "date", type: "datetime", required: true },
    { name: "ratio", type: "float", required: true },
  ],
  outputs: [{ type: "double", required: true }],
}
const columns = signature.inputs.map(column => column.name)
const good = [412.5, "SFO", 13, 2 ** 40, true, "2001-06-30T23:59:00", 0.5]
const withValue = (name: string, value: unknown) =>
  good.map((kept, i) => (columns[i] === name ? value : kept))

describe("a signature", () => {
  it("takes rows of its columns, in any order, and ignores others", () => {
    validateInput(signature, { columns, data: [good, good] })
    validateInput(signature, {
      columns: [...columns, "extra"].toReversed(),
      data: [[..."x", ...good.toReversed()]],
    })
    validateInput(signature, { columns, data: [] })
  })
  it("takes null for a missing number or a column that is not required, which may be absent", () => {
    validateInput(signature, { columns, data: [withValue("distance", null), withValue("weekend", null)] })
    const without = columns.filter(name => name !== "weekend")
    validateInput(signature, { columns: without, data: [good.filter((_, i) => columns[i] !== "weekend")] })
  })
  const wrong: [string, unknown][] = [
    ["distance", "412"],
    ["distance", true],
    ["origin", 7],
    ["origin", null],
    ["hour", 1.5],
    ["hour", 2 ** 31],
    ["hour", null],
    ["minutes", 2 ** 53],
    ["minutes", "1"],
    ["weekend", 1],
    ["weekend", "true"],
    ["date", "yesterday"],
    ["date", 993945540000],
    ["ratio", 1e39],
  ]
  it.each(wrong)("coerces nothing: column %s refuses %j", (name, value) => {
    expect(() => validateInput(signature, { columns, data: [good, withValue(name, value)] })).toThrowError(
      expect.objectContaining({ code: "SCHEMA_MISMATCH", message: expect.stringContaining(`row 1 has`) }),
    )
  })
  it("names missing columns, repeated ones and ragged rows, five problems at most", () => {
    expect(inputProblems(signature, { columns: ["distance", "distance"], data: [[1, 2], [1]] })).toEqual([
      'column "distance" appears twice',
      "row 1 has 1 values for 2 columns",
      ...["origin", "hour", "minutes", "date", "ratio"].map(name => `column "${name}" is missing`),
    ])
    expect(() => validateInput(signature, { columns: [], data: [] })).toThrowError(/and 1 more/)
  })
  it("is inferred from columns as MLflow infers it: a missing value makes a column not required", () => {
    const inferred = inferSignature(
      [
        { name: "a", values: Float64Array.of(1, 2) },
        { name: "b", values: Float32Array.of(1, Number.NaN) },
        { name: "c", values: Int16Array.of(1) },
        { name: "d", codes: Int32Array.of(0, 1, -1), categories: ["x", "y"] },
        { name: "e", values: [1, 2, 3] },
        { name: "f", values: [1, 2.5] },
        { name: "g", values: [true, null] },
        { name: "h", values: [new Date(0)] },
        { name: "i", values: Uint32Array.of(4e9) },
      ],
      [{ name: "delay", values: Float64Array.of(3) }],
    )
    expect(
      inferred.inputs.map(({ name, type, required }) => `${name} ${type}${required ? "" : "?"}`),
    ).toEqual([
      "a double",
      "b float?",
      "c integer",
      "d string?",
      "e long",
      "f double",
      "g boolean?",
      "h datetime",
      "i long",
    ])
    expect(inferred.outputs).toEqual([{ name: "delay", type: "double", required: true }])
  })
  it("cannot be inferred from mixed, empty or unnamed columns", () => {
    for (const values of [[1, "a"], [], [null], [{}], [true, 1]])
      expect(() => inferSignature([{ name: "m", values }], [])).toThrowError(
        expect.objectContaining({ code: "INVALID_INPUT" }),
      )
    const twice = { name: "a", values: [1] }
    expect(() => inferSignature([twice, twice], [])).toThrowError(/appears twice/)
    expect(() => inferSignature([{ name: "", values: [1] }], [])).toThrowError(/no name/)
  })
  it("is the same after MLflow's JSON", () => {
    const column = fc.record({
      name: fc.string(),
      type: fc.constantFrom(...columnTypes),
      required: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(column), specs => {
        expect(columnsFromJson(columnsToJson(specs), "inputs")).toEqual(specs)
      }),
    )
    expect(columnsFromJson('[{"type": "double", "name": "x"}, {"type": "long"}]', "outputs")).toEqual([
      { type: "double", name: "x", required: true },
      { type: "long", required: true },
    ])
  })
})
