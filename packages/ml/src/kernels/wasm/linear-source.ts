import { coefficients, ln2High, ln2Low, log2e, lowest, roundingMagic } from "../exp.ts"
import { COLUMN_BYTES, TILE_COLUMNS, TILE_ROWS } from "../layout.ts"
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
  names,
  params,
  set,
  splat,
  store,
  sub,
  total,
} from "./wat.ts"

/** The kernels of ../linear.ts, two rows to a register. */
export const linearSource = (): string =>
  [
    widen(),
    summarize(),
    encode(),
    respond(),
    respondCodes(),
    classify(),
    weigh(),
    addProducts(),
    addGroups(),
    addPairs(),
  ].join("")

const widen = (): string => `
  (func (export "widen") ${params("i32", "from to rows")} ${locals("i32", "end")}
    ${set("end", endOf("to"))}
    ${loopTo(
      "pairs",
      "to",
      "end",
      `${store("to", `(f64x2.promote_low_f32x4 (v128.load64_zero align=4 ${get("from")}))`)}
      ${advance("to", 16)} ${advance("from", 8)}`,
    )})`

const summarize = (): string => {
  // `present` is a mask of ones where a value is not NaN.
  const masked = (lanes: string): string => `(v128.and ${lanes} ${get("present")})`
  return `
  (func (export "summarize") ${params("i32", "column weights rows")} (param $shift f64) (param $out i32)
    ${locals("i32", "end")} ${locals("v128", "v w d present shifts sum weight squares largest")}
    ${set("shifts", splat(get("shift")))} ${set("end", endOf("column"))}
    ${loopTo(
      "pairs",
      "column",
      "end",
      `${set("v", load("column"))} ${set("present", `(f64x2.eq ${get("v")} ${get("v")})`)}
      ${set("w", masked(load("weights")))}
      ${set("d", masked(sub(get("v"), get("shifts"))))}
      ${set("largest", `(f64x2.pmax ${get("largest")} ${masked(`(f64x2.abs ${get("v")})`)})`)}
      ${set("weight", add(get("weight"), get("w")))}
      ${set("w", mul(get("w"), get("d")))}
      ${set("sum", add(get("sum"), get("w")))}
      ${set("squares", add(get("squares"), mul(get("w"), get("d"))))}
      ${advance("column", 16)} ${advance("weights", 16)}`,
    )}
    ${["sum", "weight", "squares"].map((name, i) => `(f64.store offset=${8 * i} ${get("out")} ${total(name)})`).join("\n")}
    (f64.store offset=24 ${get("out")} (f64.max
      (f64x2.extract_lane 0 ${get("largest")}) (f64x2.extract_lane 1 ${get("largest")}))))`
}

const encode = (): string => `
  (func (export "encode") ${params("i32", "column rows")} ${params("f64", "center factor")}
    ${locals("i32", "end")} ${locals("v128", "v centers factors")}
    ${set("centers", splat(get("center")))} ${set("factors", splat(get("factor")))}
    ${set("end", endOf("column"))}
    ${loopTo(
      "pairs",
      "column",
      "end",
      `${set("v", mul(sub(load("column"), get("centers")), get("factors")))}
      ${store("column", `(v128.and ${get("v")} (f64x2.eq ${get("v")} ${get("v")}))`)}
      ${advance("column", 16)}`,
    )})`

/** Eight rows stay in registers over all columns; past the last row they are scratch of the block. */
const respond = (): string => `
  (func (export "respond") ${params("i32", "dense width rows parameters response")}
    ${locals("i32", "end at parameter last")} ${locals("v128", "p s0 s1 s2 s3")}
    ${set("end", endOf("response"))}
    ${set("last", endOf("parameters", "width"))}
    ${loopTo(
      "rows",
      "response",
      "end",
      `${set("at", get("dense"))} ${set("parameter", get("parameters"))}
      ${each(4, i => set(`s${i}`, splat(0)))}
      ${loopTo(
        "columns",
        "parameter",
        "last",
        `${set("p", `(v128.load64_splat ${get("parameter")})`)}
        ${each(4, i => set(`s${i}`, add(get(`s${i}`), mul(get("p"), load("at", 16 * i)))))}
        ${advance("at", COLUMN_BYTES)} ${advance("parameter", 8)}`,
      )}
      ${each(4, i => store("response", get(`s${i}`), 16 * i))}
      ${advance("dense", 64)} ${advance("response", 64)}`,
    )})`

const respondCodes = (): string => `
  (func (export "respondCodes") ${params("i32", "codes rows effects response")} ${locals("i32", "end")}
    ${set("end", endOf("response"))}
    ${loopTo(
      "rows",
      "response",
      "end",
      `(f64.store ${get("response")} (f64.add (f64.load ${get("response")})
        (f64.load (i32.add ${get("effects")} (i32.shl (i32.load ${get("codes")}) (i32.const 3))))))
      ${advance("codes", 4)} ${advance("response", 8)}`,
    )})`

const classify = (): string => `
  (func (export "classify") ${params("i32", "response labels weights rows residuals curvature factors out")}
    ${locals("i32", "end")}
    ${locals("v128", "x y w bits k r small factor inverse other linear product")}
    ${set("end", endOf("response"))} ${set("product", splat(1))}
    ${loopTo(
      "pairs",
      "response",
      "end",
      `${set("x", load("response"))} ${set("y", load("labels"))} ${set("w", load("weights"))}
      ${exp()}
      ${set("factor", add(splat(1), get("small")))}
      ${set("inverse", `(f64x2.div ${splat(1)} ${get("factor")})`)}
      ${set("other", mul(get("small"), get("inverse")))}
      ${store(
        "residuals",
        mul(
          get("w"),
          sub(
            get("y"),
            `(v128.bitselect ${get("inverse")} ${get("other")} (f64x2.ge ${get("x")} ${splat(0)}))`,
          ),
        ),
      )}
      ${store("curvature", mul(get("w"), mul(get("other"), get("inverse"))))}
      ${store("factors", get("factor"))}
      ${set(
        "linear",
        add(
          get("linear"),
          mul(
            get("w"),
            sub(`(v128.and ${get("x")} (f64x2.gt ${get("x")} ${splat(0)}))`, mul(get("y"), get("x"))),
          ),
        ),
      )}
      ${set("product", mul(get("product"), get("factor")))}
      ${["response", "labels", "weights", "residuals", "curvature", "factors"]
        .map(name => advance(name, 16))
        .join("\n")}`,
    )}
    ${store("out", get("linear"))}
    ${store("out", get("product"), 16)})`

/** small = e^-|x|; see expNegative. 2^k is made of its bits. */
const exp = (): string => `
      ${set("r", `(f64x2.pmax ${splat(lowest)} (f64x2.neg (f64x2.abs ${get("x")})))`)}
      ${set("bits", add(mul(get("r"), splat(log2e)), splat(roundingMagic)))}
      ${set("k", sub(get("bits"), splat(roundingMagic)))}
      ${set("r", sub(sub(get("r"), mul(get("k"), splat(ln2High))), mul(get("k"), splat(ln2Low))))}
      ${set("small", splat(coefficients[0]))}
      ${coefficients
        .slice(1)
        .map(coefficient => set("small", add(mul(get("small"), get("r")), splat(coefficient))))
        .join("\n")}
      ${set(
        "small",
        mul(
          get("small"),
          `(i64x2.shl (i64x2.add ${get("bits")} (v128.const i64x2 1023 1023)) (i32.const 52))`,
        ),
      )}`

const weigh = (): string => `
  (func (export "weigh") ${params("i32", "dense width rows rowWeights weighted")}
    ${locals("i32", "at to w end")}
    (loop $columns
      ${set("at", get("dense"))} ${set("to", get("weighted"))} ${set("w", get("rowWeights"))}
      ${set("end", endOf("at"))}
      ${loopTo(
        "pairs",
        "at",
        "end",
        `${store("to", mul(load("w"), load("at")))}
        ${advance("at", 16)} ${advance("to", 16)} ${advance("w", 16)}`,
      )}
      ${advance("dense", COLUMN_BYTES)} ${advance("weighted", COLUMN_BYTES)}
      (br_if $columns (local.tee $width (i32.sub ${get("width")} (i32.const 1))))))`

/** The lower triangle in tiles of TILE_ROWS weighted columns by TILE_COLUMNS columns. */
const addProducts = (): string => {
  const sums = Array.from({ length: TILE_ROWS * TILE_COLUMNS }, (_, at) => `s${at}`)
  const sum = (i: number, j: number): string => sums[i * TILE_COLUMNS + j]
  const tile = `
        ${sums.map(name => set(name, splat(0))).join("\n")}
        ${set("w", get("weighted"))}
        ${set("x", `(i32.add ${get("dense")} (i32.mul ${get("j")} (i32.const ${COLUMN_BYTES})))`)}
        ${set("end", endOf("w"))}
        ${loopTo(
          "rows",
          "w",
          "end",
          `${each(TILE_COLUMNS, j => set(`x${j}`, load("x", j * COLUMN_BYTES)))}
          ${each(
            TILE_ROWS,
            i => `${set("v", load("w", i * COLUMN_BYTES))}
            ${each(TILE_COLUMNS, j => set(sum(i, j), add(get(sum(i, j)), mul(get("v"), get(`x${j}`)))))}`,
          )}
          ${advance("w", 16)} ${advance("x", 16)}`,
        )}
        ${each(
          TILE_ROWS,
          i => `${each(
            TILE_COLUMNS,
            j => `(f64.store offset=${8 * j} ${get("at")}
            (f64.add (f64.load offset=${8 * j} ${get("at")}) ${total(sum(i, j))}))`,
          )}
          ${advance("at", get("stride"))}`,
        )}`
  return `
  (func (export "addProducts") ${params("i32", "weighted height dense width rows products stride")}
    ${locals("i32", "i j w x end at limit")} ${locals("v128", `v ${names("x", TILE_COLUMNS)} ${sums.join(" ")}`)}
    (loop $down
      ${set("j", "(i32.const 0)")}
      ${set("limit", `(i32.add ${get("i")} (i32.const ${TILE_ROWS}))`)}
      (if (i32.gt_u ${get("limit")} ${get("width")}) (then ${set("limit", get("width"))}))
      ${loopTo(
        "along",
        "j",
        "limit",
        `${set("at", `(i32.add ${get("products")} (i32.shl ${get("j")} (i32.const 3)))`)}
        ${tile}
        ${advance("j", TILE_COLUMNS)}`,
      )}
      ${advance("weighted", TILE_ROWS * COLUMN_BYTES)}
      ${set("products", `(i32.add ${get("products")} (i32.mul ${get("stride")} (i32.const ${TILE_ROWS})))`)}
      ${advance("i", TILE_ROWS)}
      (br_if $down (i32.lt_u ${get("i")} ${get("height")}))))`
}

/** The block is turned row by row first: a group's sums then lie side by side, and so do what is added. */
const addGroups = (): string => `
  (func (export "addGroups") ${params("i32", "weighted height rows codes sums turned")}
    ${locals("i32", "bytes i at next to end from stop")} ${locals("v128", "a b")}
    ${set("bytes", `(i32.shl ${get("height")} (i32.const 3))`)}
    (loop $columns
      ${set("at", get("weighted"))} ${set("next", `(i32.add ${get("at")} (i32.const ${COLUMN_BYTES}))`)}
      ${set("to", `(i32.add ${get("turned")} (i32.shl ${get("i")} (i32.const 3)))`)}
      ${set("end", endOf("at"))}
      ${loopTo(
        "pairs",
        "at",
        "end",
        `${set("a", load("at"))} ${set("b", load("next"))}
        ${store("to", `(i8x16.shuffle ${lanes([0, 2])} ${get("a")} ${get("b")})`)}
        ${advance("to", get("bytes"))}
        ${store("to", `(i8x16.shuffle ${lanes([1, 3])} ${get("a")} ${get("b")})`)}
        ${advance("to", get("bytes"))} ${advance("at", 16)} ${advance("next", 16)}`,
      )}
      ${advance("weighted", 2 * COLUMN_BYTES)} ${advance("i", 2)}
      (br_if $columns (i32.lt_u ${get("i")} ${get("height")})))
    ${set("from", get("turned"))}
    ${set("end", `(i32.add ${get("codes")} (i32.shl ${get("rows")} (i32.const 2)))`)}
    ${loopTo(
      "rows",
      "codes",
      "end",
      `${set("to", `(i32.add ${get("sums")} (i32.mul (i32.load ${get("codes")}) ${get("bytes")}))`)}
      ${set("stop", `(i32.add ${get("from")} ${get("bytes")})`)}
      ${loopTo(
        "along",
        "from",
        "stop",
        `${store("to", add(load("to"), load("from")))}
        ${advance("to", 16)} ${advance("from", 16)}`,
      )}
      ${advance("codes", 4)}`,
    )})`

/** The bytes of two doubles out of four. */
const lanes = (doubles: readonly number[]): string =>
  doubles.flatMap(lane => Array.from({ length: 8 }, (_, i) => lane * 8 + i)).join(" ")

const addPairs = (): string => `
  (func (export "addPairs") ${params("i32", "first second rowWeights rows sums stride")}
    ${locals("i32", "end to")}
    ${set("end", endOf("rowWeights"))}
    ${loopTo(
      "rows",
      "rowWeights",
      "end",
      `${set(
        "to",
        `(i32.add (i32.add ${get("sums")} (i32.mul (i32.load ${get("first")}) ${get("stride")}))
          (i32.shl (i32.load ${get("second")}) (i32.const 3)))`,
      )}
      (f64.store ${get("to")} (f64.add (f64.load ${get("to")}) (f64.load ${get("rowWeights")})))
      ${advance("first", 4)} ${advance("second", 4)} ${advance("rowWeights", 8)}`,
    )})`
