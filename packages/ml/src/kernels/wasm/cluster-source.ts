import { boundDecay, boundGrowth } from "../cluster.ts"
import { REFINED_ROWS } from "../layout.ts"
import {
  add,
  advance,
  each,
  endOf,
  get,
  load,
  locals,
  loopTo,
  mul,
  params,
  set,
  splat,
  store,
  sub,
} from "./wat.ts"

/** The kernels of ../cluster.ts. */
export const clusterSource = (): string =>
  [
    writeDistances(),
    nearest(),
    squaredDistance(),
    search(),
    refine(),
    addRows(),
    inertia(),
    settle(),
    potentials(),
  ].join("")

/**
 * Squared distances of a row from all centers, `take`n in groups of 4 or 2 pairs from s0, s1, …. A lane is a
 * center: no sum has to be drawn together from its lanes, and the order of addition is that of the features.
 */
const distances = (take: (pairs: number) => string): string => {
  const group = (pairs: number): string => `
      ${set("at", get("turned"))} ${set("feature", get("row"))}
      ${each(pairs, i => set(`s${i}`, splat(0)))}
      ${loopTo(
        `features${pairs}`,
        "feature",
        "end",
        `${set("x", `(v128.load64_splat ${get("feature")})`)}
        ${each(
          pairs,
          i => `${set("d", sub(get("x"), load("at", 16 * i)))}
          ${set(`s${i}`, add(get(`s${i}`), mul(get("d"), get("d"))))}`,
        )}
        ${advance("feature", 8)} ${advance("at", get("stride"))}`,
      )}
      ${take(pairs)}
      ${advance("turned", 16 * pairs)} ${set("left", `(i32.sub ${get("left")} (i32.const ${2 * pairs}))`)}`
  return `
    ${set("end", endOf("row", "width"))} ${set("stride", `(i32.shl ${get("padded")} (i32.const 3))`)}
    ${set("left", get("padded"))}
    (loop $eights
      (if (i32.ge_u ${get("left")} (i32.const 8)) (then ${group(4)} (br $eights))))
    (if ${get("left")} (then ${group(2)}))`
}

const distanceLocals = `${locals("i32", "end stride left feature at")} ${locals("v128", "x d s0 s1 s2 s3")}`

const writeDistances = (): string => `
  (func $writeDistances ${params("i32", "row width turned padded to")} ${distanceLocals}
    ${distances(
      pairs => `${each(pairs, i => store("to", get(`s${i}`), 16 * i))} ${advance("to", 16 * pairs)}`,
    )})`

/**
 * Number of the nearest center; its squared distance and the second smallest go to the globals. Even and odd
 * numbers are compared side by side, and the two at the end.
 */
const nearest = (): string => {
  const other = (pair: string): string =>
    `(i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 ${get(pair)} ${get(pair)})`
  const lane = (pair: string, i: number): string => `(f64x2.extract_lane ${i} ${get(pair)})`
  return `
  (global $first (mut f64) (f64.const 0))
  (global $second (mut f64) (f64.const 0))
  (func $nearest ${params("i32", "row width turned padded")} (result i32) ${distanceLocals}
    ${locals("v128", "best second number numbers nearer")}
    ${set("best", splat(Infinity))} ${set("second", splat(Infinity))}
    ${set("number", "(v128.const f64x2 0 1)")} ${set("numbers", "(v128.const f64x2 0 1)")}
    ${distances(pairs =>
      each(
        pairs,
        i => `
        ${set("nearer", `(f64x2.lt ${get(`s${i}`)} ${get("best")})`)}
        ${set("second", `(f64x2.pmin ${get("second")} (f64x2.pmax ${get("best")} ${get(`s${i}`)}))`)}
        ${set("best", `(f64x2.pmin ${get("best")} ${get(`s${i}`)})`)}
        ${set("number", `(v128.bitselect ${get("numbers")} ${get("number")} ${get("nearer")})`)}
        ${set("numbers", add(get("numbers"), splat(2)))}`,
      ),
    )}
    ${set("second", `(f64x2.pmin ${get("second")} ${other("second")})`)}
    (global.set $second (f64x2.extract_lane 0
      (f64x2.pmin ${get("second")} (f64x2.pmax ${get("best")} ${other("best")}))))
    (global.set $first (f64x2.extract_lane 0 (f64x2.pmin ${get("best")} ${other("best")})))
    (i32.trunc_f64_s (select ${lane("number", 1)} ${lane("number", 0)} (i32.or
      (f64.lt ${lane("best", 1)} ${lane("best", 0)})
      (i32.and (f64.eq ${lane("best", 1)} ${lane("best", 0)})
        (f64.lt ${lane("number", 1)} ${lane("number", 0)}))))))`
}

const squaredDistance = (): string => `
  (func $squaredDistance ${params("i32", "row center width")} (result f64)
    ${locals("i32", "end")} ${locals("v128", "d s")}
    ${set("end", `(i32.add ${get("row")} (i32.shl (i32.and ${get("width")} (i32.const -2)) (i32.const 3)))`)}
    (block $done
      (loop $pairs
        (br_if $done (i32.ge_u ${get("row")} ${get("end")}))
        ${set("d", sub(load("row"), load("center")))}
        ${set("s", add(get("s"), mul(get("d"), get("d"))))}
        ${advance("row", 16)} ${advance("center", 16)}
        (br $pairs)))
    (if (i32.and ${get("width")} (i32.const 1)) (then
      ${set("d", sub(`(v128.load64_zero ${get("row")})`, `(v128.load64_zero ${get("center")})`))}
      ${set("s", add(get("s"), mul(get("d"), get("d"))))}))
    (f64.add (f64x2.extract_lane 0 ${get("s")}) (f64x2.extract_lane 1 ${get("s")})))`

const searched = "points rows width turned padded labels upper lower scratch"

/** All distances of the row at $row; its label to $label, its bounds to their places. */
const searchRow = (upper: string, lower: string): string => `
      ${set("label", `(call $nearest ${["row", "width", "turned", "padded"].map(get).join(" ")})`)}
      (f64.store ${upper} (f64.mul (f64.sqrt (global.get $first)) ${get("margin")}))
      (f64.store ${lower} (f64.div (f64.sqrt (global.get $second)) ${get("margin")}))`

const search = (): string => `
  (func (export "search") ${params("i32", searched)} (param $margin f64) (result i32)
    ${locals("i32", "end bytes row label changed")}
    ${set("end", endOf("upper"))} ${set("bytes", `(i32.shl ${get("width")} (i32.const 3))`)}
    ${set("row", get("points"))}
    ${loopTo(
      "rows",
      "upper",
      "end",
      `${searchRow(get("upper"), get("lower"))}
      ${advance("changed", `(i32.ne ${get("label")} (i32.load ${get("labels")}))`)}
      (i32.store ${get("labels")} ${get("label")})
      ${advance("row", get("bytes"))} ${advance("labels", 4)} ${advance("upper", 8)} ${advance("lower", 8)}`,
    )}
    ${get("changed")})`

/** Address and value of an element of an array of doubles. */
const placeOf = (array: string, index: string): string =>
  `(i32.add ${get(array)} (i32.shl ${get(index)} (i32.const 3)))`
const valueAt = (array: string, index: string): string => `(f64.load ${placeOf(array, index)})`

/**
 * Some rows at a time, in three loops without a branch that depends on a row: bounds of all; own distance of
 * those not ruled out; all distances of those still not. What is left is listed in scratch by writing every
 * row and moving on past those to keep. One loop with branches, which waits for memory and guesses
 * wrong, took 1.4 times as long over 30 iterations of a million rows.
 */
const refine = (): string => {
  const rowOf = (array: string, index: string) =>
    `(i32.add ${get(array)} (i32.mul ${get(index)} ${get("bytes")}))`
  const labelOf = (index: string) =>
    `(i32.load (i32.add ${get("labels")} (i32.shl ${get(index)} (i32.const 2))))`
  const keepUnlessRuledOut = `
      ${set("limit", valueAt("half", "old"))}
      ${set("limit", `(select ${get("below")} ${get("limit")} (f64.gt ${get("below")} ${get("limit")}))`)}
      (i32.store ${get("kept")} ${get("r")})
      ${advance(
        "kept",
        `(i32.shl (i32.eqz (f64.lt (f64.mul ${get("above")} ${get("margin")}) ${get("limit")})) (i32.const 2))`,
      )}`
  const overList = (label: string, body: string): string => `
      ${set("at", get("scratch"))}
      (block $${label}None
        (br_if $${label}None (i32.eq ${get("at")} ${get("listed")}))
        ${loopTo(
          label,
          "at",
          "listed",
          `${set("r", `(i32.load ${get("at")})`)} ${advance("at", 4)}
          ${set("old", labelOf("r"))} ${set("row", rowOf("points", "r"))} ${body}`,
        )})`
  const count = (center: string, by: number) =>
    `(f64.store ${placeOf("mass", center)} (f64.add ${valueAt("mass", center)} (f64.const ${by})))`
  return `
  (func (export "refine") ${params("i32", searched)} (param $margin f64)
    ${params("i32", "centers shift drop half sums mass")} (result i32)
    ${locals("i32", "bytes r row end old label changed at kept listed minus plus stop")}
    ${locals("f64", "above below limit")}
    ${set("bytes", `(i32.shl ${get("width")} (i32.const 3))`)}
    ${loopTo(
      "chunks",
      "r",
      "rows",
      `${set("end", `(i32.add ${get("r")} (i32.const ${REFINED_ROWS}))`)}
      (if (i32.gt_u ${get("end")} ${get("rows")}) (then ${set("end", get("rows"))}))
      ${set("kept", get("scratch"))}
      ${loopTo(
        "bounds",
        "r",
        "end",
        `${set("old", labelOf("r"))}
        ${set("above", `(f64.mul (f64.add ${valueAt("upper", "r")} ${valueAt("shift", "old")}) (f64.const ${boundGrowth}))`)}
        ${set("below", `(f64.sub (f64.mul ${valueAt("lower", "r")} (f64.const ${boundDecay})) ${valueAt("drop", "old")})`)}
        (f64.store ${placeOf("upper", "r")} ${get("above")})
        (f64.store ${placeOf("lower", "r")} ${get("below")})
        ${keepUnlessRuledOut}
        ${advance("r", 1)}`,
      )}
      ${set("listed", get("kept"))} ${set("kept", get("scratch"))}
      ${overList(
        "own",
        `${set(
          "above",
          `(f64.mul (f64.sqrt (call $squaredDistance ${get("row")} ${rowOf("centers", "old")} ${get("width")}))
          ${get("margin")})`,
        )}
        ${set("below", valueAt("lower", "r"))}
        (f64.store ${placeOf("upper", "r")} ${get("above")})
        ${keepUnlessRuledOut}`,
      )}
      ${set("listed", get("kept"))}
      ${overList(
        "all",
        `${searchRow(placeOf("upper", "r"), placeOf("lower", "r"))}
        (if (i32.ne ${get("label")} ${get("old")}) (then
          (i32.store (i32.add ${get("labels")} (i32.shl ${get("r")} (i32.const 2))) ${get("label")})
          ${advance("changed", 1)}
          ${count("old", -1)} ${count("label", 1)}
          ${set("stop", `(i32.add ${get("row")} ${get("bytes")})`)}
          ${set("minus", rowOf("sums", "old"))} ${set("plus", rowOf("sums", "label"))}
          ${loopTo(
            "features",
            "row",
            "stop",
            `(f64.store ${get("minus")} (f64.sub (f64.load ${get("minus")}) (f64.load ${get("row")})))
            (f64.store ${get("plus")} (f64.add (f64.load ${get("plus")}) (f64.load ${get("row")})))
            ${advance("row", 8)} ${advance("minus", 8)} ${advance("plus", 8)}`,
          )}))`,
      )}
      ${set("r", get("end"))}`,
    )}
    ${get("changed")})`
}

/** 1, or the row's weight; moves on. */
const takeWeight = (): string => `
      ${set("weight", "(f64.const 1)")}
      (if ${get("weights")} (then
        ${set("weight", `(f64.load ${get("weights")})`)} ${advance("weights", 8)}))`

const addRows = (): string => `
  (func (export "addRows") ${params("i32", "points rows width labels weights sums mass")}
    ${locals("i32", "end label to stop pairs")} ${locals("f64", "weight")}
    ${set("end", `(i32.add ${get("labels")} (i32.shl ${get("rows")} (i32.const 2)))`)}
    ${set("pairs", `(i32.shl (i32.and ${get("width")} (i32.const -2)) (i32.const 3))`)}
    ${loopTo(
      "rows",
      "labels",
      "end",
      `${takeWeight()}
      ${set("label", `(i32.load ${get("labels")})`)}
      ${set("to", `(i32.add ${get("sums")} (i32.shl (i32.mul ${get("label")} ${get("width")}) (i32.const 3)))`)}
      ${set("stop", `(i32.add ${get("points")} ${get("pairs")})`)}
      (block $done
        (loop $features
          (br_if $done (i32.ge_u ${get("points")} ${get("stop")}))
          ${store("to", add(load("to"), mul(splat(get("weight")), load("points"))))}
          ${advance("to", 16)} ${advance("points", 16)}
          (br $features)))
      (if (i32.and ${get("width")} (i32.const 1)) (then
        (f64.store ${get("to")} (f64.add (f64.load ${get("to")})
          (f64.mul ${get("weight")} (f64.load ${get("points")}))))
        ${advance("points", 8)}))
      ${set("to", `(i32.add ${get("mass")} (i32.shl ${get("label")} (i32.const 3)))`)}
      (f64.store ${get("to")} (f64.add (f64.load ${get("to")}) ${get("weight")}))
      ${advance("labels", 4)}`,
    )})`

const inertia = (): string => `
  (func (export "inertia") ${params("i32", "points rows width labels centers weights")} (result f64)
    ${locals("i32", "end bytes")} ${locals("f64", "weight sum")}
    ${set("end", `(i32.add ${get("labels")} (i32.shl ${get("rows")} (i32.const 2)))`)}
    ${set("bytes", `(i32.shl ${get("width")} (i32.const 3))`)}
    ${loopTo(
      "rows",
      "labels",
      "end",
      `${takeWeight()}
      ${set(
        "sum",
        `(f64.add ${get("sum")} (f64.mul ${get("weight")} (call $squaredDistance ${get("points")}
          (i32.add ${get("centers")} (i32.mul (i32.load ${get("labels")}) ${get("bytes")})) ${get("width")})))`,
      )}
      ${advance("labels", 4)} ${advance("points", get("bytes"))}`,
    )}
    ${get("sum")})`

const settle = (): string => `
  (func (export "settle") ${params("i32", "points rows width center nearest weights cumulative")} (result f64)
    ${locals("i32", "end bytes")} ${locals("f64", "weight sum distance")}
    ${set("end", endOf("nearest"))} ${set("bytes", `(i32.shl ${get("width")} (i32.const 3))`)}
    ${loopTo(
      "rows",
      "nearest",
      "end",
      `${takeWeight()}
      ${set("distance", `(f64.min (f64.load ${get("nearest")}) (call $squaredDistance ${["points", "center", "width"].map(get).join(" ")}))`)}
      (f64.store ${get("nearest")} ${get("distance")})
      ${set("sum", `(f64.add ${get("sum")} (f64.mul ${get("distance")} ${get("weight")}))`)}
      (f64.store ${get("cumulative")} ${get("sum")})
      ${advance("nearest", 8)} ${advance("cumulative", 8)} ${advance("points", get("bytes"))}`,
    )}
    ${get("sum")})`

const potentials = (): string => `
  (func (export "potentials")
    ${params("i32", "points rows width turned padded nearest weights sums scratch")}
    ${locals("i32", "end bytes at to stop")} ${locals("f64", "weight")} ${locals("v128", "limit weighted")}
    ${set("end", endOf("nearest"))} ${set("bytes", `(i32.shl ${get("width")} (i32.const 3))`)}
    ${loopTo(
      "rows",
      "nearest",
      "end",
      `${takeWeight()}
      (call $writeDistances ${["points", "width", "turned", "padded", "scratch"].map(get).join(" ")})
      ${set("limit", `(v128.load64_splat ${get("nearest")})`)} ${set("weighted", splat(get("weight")))}
      ${set("at", get("scratch"))} ${set("to", get("sums"))} ${set("stop", endOf("scratch", "padded"))}
      ${loopTo(
        "candidates",
        "at",
        "stop",
        `${store("to", add(load("to"), mul(get("weighted"), `(f64x2.pmin ${get("limit")} ${load("at")})`)))}
        ${advance("at", 16)} ${advance("to", 16)}`,
      )}
      ${advance("nearest", 8)} ${advance("points", get("bytes"))}`,
    )})`
