import { advance, each, get, locals, params, set } from "@roadmap/ml/kernels/wasm/wat"
import { PLANES } from "../layout.ts"

/** The kernels as text. `floats` is a multiple of 16, `words` counts 64 bits. */
export const source = (): string => `(module
  (import "env" "memory" (memory 1 65536))
  ${scoreRows()}
  ${estimateRows()}
)`

/** out[i] = dot product of the query and vector rows[i]. */
const scoreRows = (): string => `
  (func (export "scoreRows") ${params("i32", "query vectors rows count floats out")}
    ${locals("i32", "end at from last stride")} ${locals("v128", "s0 s1 s2 s3")}
    ${set("stride", `(i32.shl ${get("floats")} (i32.const 2))`)}
    ${set("end", `(i32.add ${get("rows")} (i32.shl ${get("count")} (i32.const 2)))`)}
    (block $done (loop $row
      (br_if $done (i32.ge_u ${get("rows")} ${get("end")}))
      ${set("at", `(i32.add ${get("vectors")} (i32.mul (i32.load ${get("rows")}) ${get("stride")}))`)}
      ${set("from", get("query"))}
      ${set("last", `(i32.add ${get("query")} ${get("stride")})`)}
      ${each(4, i => set(`s${i}`, "(v128.const i32x4 0 0 0 0)"))}
      (loop $floats
        ${each(4, i => set(`s${i}`, `(f32x4.add ${get(`s${i}`)} (f32x4.mul ${quad("from", i)} ${quad("at", i)}))`))}
        ${advance("at", 64)} ${advance("from", 64)}
        (br_if $floats (i32.lt_u ${get("from")} ${get("last")})))
      ${set("s0", `(f32x4.add (f32x4.add ${get("s0")} ${get("s1")}) (f32x4.add ${get("s2")} ${get("s3")}))`)}
      (f32.store ${get("out")} (f32.add
        (f32.add (f32x4.extract_lane 0 ${get("s0")}) (f32x4.extract_lane 1 ${get("s0")}))
        (f32.add (f32x4.extract_lane 2 ${get("s0")}) (f32x4.extract_lane 3 ${get("s0")}))))
      ${advance("out", 4)} ${advance("rows", 4)}
      (br $row))))`

const quad = (pointer: string, i: number): string => `(v128.load offset=${16 * i} align=4 ${get(pointer)})`

/**
 * For each row of [from, to) whose bit in the bitmap is set: estimate = factor (a sum + b ones + c), where the sum adds
 * 2^p times the bits that the code and plane p share, and factor and ones stand behind the code. Estimates of at least
 * `threshold` go to out as pairs (row, estimate). Returns how many. `from` is a multiple of 32.
 */
const estimateRows = (): string => `
  (func (export "estimateRows") ${params("i32", "codes words planes bitmap from to")}
    ${params("f32", "a b c threshold")} (param $out i32) (result i32)
    ${locals("i32", "bits row at plane last start wordBytes stride")} ${locals("i64", "code")}
    ${locals("i64", Array.from({ length: PLANES }, (_, p) => `t${p}`).join(" "))} (local $estimate f32)
    ${set("start", get("out"))}
    ${set("wordBytes", `(i32.shl ${get("words")} (i32.const 3))`)}
    ${set("stride", `(i32.add ${get("wordBytes")} (i32.const 8))`)}
    (block $done (loop $block
      (br_if $done (i32.ge_u ${get("from")} ${get("to")}))
      ${set("bits", `(i32.load (i32.add ${get("bitmap")} (i32.shr_u ${get("from")} (i32.const 3))))`)}
      (block $empty (loop $bit
        (br_if $empty (i32.eqz ${get("bits")}))
        ${set("row", `(i32.add ${get("from")} (i32.ctz ${get("bits")}))`)}
        ${set("bits", `(i32.and ${get("bits")} (i32.sub ${get("bits")} (i32.const 1)))`)}
        ${set("at", `(i32.add ${get("codes")} (i32.mul ${get("row")} ${get("stride")}))`)}
        ${set("plane", get("planes"))}
        ${set("last", `(i32.add ${get("at")} ${get("wordBytes")})`)}
        ${each(PLANES, p => set(`t${p}`, "(i64.const 0)"))}
        (loop $words
          ${set("code", `(i64.load ${get("at")})`)}
          ${each(PLANES, p => set(`t${p}`, `(i64.add ${get(`t${p}`)} (i64.popcnt (i64.and ${get("code")} (i64.load offset=${8 * p} ${get("plane")}))))`))}
          ${advance("at", 8)} ${advance("plane", 8 * PLANES)}
          (br_if $words (i32.lt_u ${get("at")} ${get("last")})))
        ${each(PLANES - 1, p => set("t0", `(i64.add ${get("t0")} (i64.shl ${get(`t${p + 1}`)} (i64.const ${p + 1})))`))}
        ${set(
          "estimate",
          `(f32.mul (f32.load ${get("at")}) (f32.add (f32.add
            (f32.mul ${get("a")} (f32.convert_i64_u ${get("t0")}))
            (f32.mul ${get("b")} (f32.load offset=4 ${get("at")}))) ${get("c")}))`,
        )}
        (if (f32.ge ${get("estimate")} ${get("threshold")}) (then
          (i32.store ${get("out")} ${get("row")})
          (f32.store offset=4 ${get("out")} ${get("estimate")})
          ${advance("out", 8)}))
        (br $bit)))
      ${advance("from", 32)}
      (br $block)))
    (i32.shr_u (i32.sub ${get("out")} ${get("start")}) (i32.const 3)))`
