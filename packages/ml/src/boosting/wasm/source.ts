import { writeLogistic } from "./logistic-source.ts"
import { predictTrees } from "./predict-source.ts"

/**
 * The WebAssembly kernels as text. Written as a template because the histogram loop is the same for 1 to 12
 * features, each unrolled. All pointers are bytes of the shared memory. Numbers: see histogram.ts and
 * partition.ts, which say the same in TypeScript and are tested to give the same bits.
 */
export const source = (): string => `(module
  (import "env" "memory" (memory 1 65536 shared))
  ${compactionTable()}
  ${addRows()}
  ${addPasses()}
  ${wideSums()}
  ${partition()}
  ${addSteps()}
  ${writeLogistic()}
  ${predictTrees()}
)`

/** Rows gathered before they are added up: 128 rows of 16 to 64 bytes stay in the first-level cache. */
const gathered = 128

/** Most features of one pass: their histograms (24 KiB of 255 bins) and the gathered rows share that cache. */
const passFeatures = 12

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/**
 * addRows(list, count, rows, stride, features, firstBytes, histogram, scratch, countBits, full, start)
 *
 * Rows are first copied side by side to `scratch`, then added up: measured 2.3 times as fast as reading each
 * from its place, since the copies wait for memory together while the additions wait for nothing.
 * `firstBytes` is an array of each feature's first byte in the histogram. When `start` is not 0 it is where
 * the rows lie one after the other: no copy is needed.
 */
const addRows = (): string => `
  (func (export "addRows")
    (param $list i32) (param $count i32) (param $rows i32) (param $stride i32) (param $features i32)
    (param $firsts i32) (param $histogram i32) (param $scratch i32) (param $countBits i64) (param $full i32)
    (param $start i32)
    (local $end i32) (local $blockEnd i32) (local $n i32) (local $left i32) (local $bins i32) (local $first i32)
    (local $block i32)
    (local.set $end (i32.add (local.get $list) (i32.shl (local.get $count) (i32.const 2))))
    (loop $blocks
      (if (i32.lt_u (local.get $list) (local.get $end)) (then
        (local.set $blockEnd (i32.add (local.get $list) (i32.const ${gathered * 4})))
        (if (i32.gt_u (local.get $blockEnd) (local.get $end)) (then (local.set $blockEnd (local.get $end))))
        (local.set $n (i32.shr_u (i32.sub (local.get $blockEnd) (local.get $list)) (i32.const 2)))
        (if (local.get $start)
          (then
            (local.set $block (local.get $start))
            (local.set $start (i32.add (local.get $start) (i32.mul (local.get $n) (local.get $stride)))))
          (else
            (local.set $block (local.get $scratch))
            ${[16, 32, 64]
              .map(
                stride => `(if (i32.eq (local.get $stride) (i32.const ${stride})) (then (call $gather${stride}
              (local.get $list) (local.get $blockEnd) (local.get $rows) (local.get $scratch))))`,
              )
              .join("\n            ")}))
        (local.set $list (local.get $blockEnd))
        (local.set $left (local.get $features))
        (local.set $bins (local.get $block))
        (local.set $first (local.get $firsts))
        (loop $passes
          (call_indirect $adders (type $adder)
            (local.get $bins) (local.get $stride)
            (i32.sub (i32.add (local.get $block) (local.get $stride)) (i32.const 4))
            (local.get $n) (local.get $first) (local.get $histogram) (local.get $countBits)
            (i32.add
              (select (local.get $left) (i32.const ${passFeatures})
                (i32.lt_u (local.get $left) (i32.const ${passFeatures})))
              (select (i32.const ${passFeatures}) (i32.const 0) (local.get $full))))
          (local.set $bins (i32.add (local.get $bins) (i32.const ${passFeatures})))
          (local.set $first (i32.add (local.get $first) (i32.const ${passFeatures * 4})))
          (local.set $left (i32.sub (local.get $left) (i32.const ${passFeatures})))
          (br_if $passes (i32.gt_s (local.get $left) (i32.const 0))))
        (br $blocks)))))
  ${[16, 32, 64].map(gather).join("")}`

/** Copies the rows of list[list, end) to `to`. Few instructions a row keep many rows in flight. */
const gather = (stride: number): string => {
  const copy = (unrolled: number): string =>
    range(unrolled)
      .map(
        i => `
        (local.set $from (i32.add (local.get $rows)
          (i32.shl (i32.load offset=${i * 4} (local.get $list)) (i32.const ${Math.log2(stride)}))))
        ${range(stride / 16)
          .map(
            part =>
              `(v128.store offset=${i * stride + part * 16} (local.get $to) (v128.load offset=${part * 16} (local.get $from)))`,
          )
          .join("\n        ")}`,
      )
      .join("")
  const loop = (name: string, unrolled: number): string => `
    (loop $${name}
      (if (i32.le_u (i32.add (local.get $list) (i32.const ${unrolled * 4})) (local.get $end)) (then ${copy(unrolled)}
        (local.set $list (i32.add (local.get $list) (i32.const ${unrolled * 4})))
        (local.set $to (i32.add (local.get $to) (i32.const ${unrolled * stride})))
        (br $${name}))))`
  return `
  (func $gather${stride} (param $list i32) (param $end i32) (param $rows i32) (param $to i32)
    (local $from i32) ${loop("four", 4)} ${loop("one", 1)})`
}

const addPasses = (): string => {
  const names = [false, true].flatMap(full => range(passFeatures).map(i => passName(i + 1, full)))
  return `
  (type $adder (func (param i32 i32 i32 i32 i32 i32 i64)))
  (table $adders ${names.length + 1} funcref)
  (elem (table $adders) (i32.const 1) func ${names.join(" ")})
  ${range(passFeatures)
    .map(i => addPass(i + 1, false) + addPass(i + 1, true))
    .join("")}`
}

const passName = (features: number, full: boolean): string => `$add${features}${full ? "full" : ""}`

/** One pass over the gathered rows for a number of features: one load of four bins, one addition a bin. */
const addPass = (features: number, full: boolean): string => {
  const entryShift = full ? 4 : 3
  const update = (i: number): string => {
    const at = `(i32.add (local.get $f${i}) (i32.shl ${byteOf("$word", i % 4)} (i32.const ${entryShift})))`
    return full
      ? `(v128.store (local.tee $at ${at}) (i64x2.add (v128.load (local.get $at)) (local.get $value)))`
      : `(i64.store (local.tee $at ${at}) (i64.add (i64.load (local.get $at)) (local.get $value)))`
  }
  const packed = (payload: string): string =>
    `(i64.add (i64.shl ${payload} (local.get $countBits)) (i64.const 1))`
  const value = full
    ? `(i64x2.replace_lane 1 (i64x2.splat ${packed("(i64.load16_s offset=2 (local.get $payload))")})
        (i64.load16_u (local.get $payload)))`
    : packed("(i64.load32_s (local.get $payload))")
  return `
  (func ${passName(features, full)} (type $adder)
    (param $bins i32) (param $stride i32) (param $payload i32) (param $n i32) (param $firsts i32)
    (param $histogram i32) (param $countBits i64)
    ${range(features)
      .map(i => `(local $f${i} i32)`)
      .join(" ")}
    (local $word i32) (local $at i32) (local $value ${full ? "v128" : "i64"})
    ${range(features)
      .map(
        i =>
          `(local.set $f${i} (i32.add (local.get $histogram) (i32.load offset=${i * 4} (local.get $firsts))))`,
      )
      .join("\n    ")}
    (loop $rows
      (local.set $value ${value})
      ${range(features)
        .map(
          i =>
            (i % 4 === 0 ? `(local.set $word (i32.load offset=${i} (local.get $bins)))\n      ` : "") +
            update(i),
        )
        .join("\n      ")}
      (local.set $bins (i32.add (local.get $bins) (local.get $stride)))
      (local.set $payload (i32.add (local.get $payload) (local.get $stride)))
      (br_if $rows (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))`
}

const byteOf = (word: string, byte: number): string => {
  if (byte === 0) return `(i32.and (local.get ${word}) (i32.const 255))`
  if (byte === 3) return `(i32.shr_u (local.get ${word}) (i32.const 24))`
  return `(i32.and (i32.shr_u (local.get ${word}) (i32.const ${byte * 8})) (i32.const 255))`
}

/** addSums, subtractSums(target, source, count): 64-bit integers. addShiftedSums: see addShiftedHistogram. */
const wideSums = (): string => `
  ${["add", "sub"]
    .map(
      operation => `
  (func (export "${operation}Sums") (param $target i32) (param $source i32) (param $count i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $target) (i32.shl (local.get $count) (i32.const 3))))
    (loop $next
      (if (i32.lt_u (local.get $target) (local.get $end)) (then
        (i64.store (local.get $target)
          (i64.${operation} (i64.load (local.get $target)) (i64.load (local.get $source))))
        (local.set $target (i32.add (local.get $target) (i32.const 8)))
        (local.set $source (i32.add (local.get $source) (i32.const 8)))
        (br $next)))))`,
    )
    .join("")}
  (func (export "addShiftedSums")
    (param $target i32) (param $source i32) (param $count i32) (param $value i32) (param $countBits i64)
    (local $end i32) (local $mask i64) (local $sum i64) (local $step i64)
    (local.set $end (i32.add (local.get $target) (i32.shl (local.get $count) (i32.const 3))))
    (local.set $mask (i64.sub (i64.shl (i64.const 1) (local.get $countBits)) (i64.const 1)))
    (local.set $step (i64.extend_i32_s (local.get $value)))
    (loop $next
      (if (i32.lt_u (local.get $target) (local.get $end)) (then
        (local.set $sum (i64.load (local.get $source)))
        (i64.store (local.get $target) (i64.add (i64.load (local.get $target)) (i64.add (local.get $sum)
          (i64.shl (i64.mul (i64.and (local.get $sum) (local.get $mask)) (local.get $step))
            (local.get $countBits)))))
        (local.set $target (i32.add (local.get $target) (i32.const 8)))
        (local.set $source (i32.add (local.get $source) (i32.const 8)))
        (br $next)))))`

/**
 * For each of 16 patterns of four flags, the byte shuffle that moves the chosen 32-bit lanes to the front,
 * then for each the one that moves them to the back. It lies in the first 512 bytes of the memory.
 */
const compactionTable = (): string => {
  const lanes = (chosen: number[], atBack: boolean): number[] => {
    const free = Array.from({ length: 4 - chosen.length }, () => 0)
    return atBack ? [...free, ...chosen.reverse()] : [...chosen, ...free]
  }
  const bytes = [false, true].flatMap(atBack =>
    range(16).flatMap(pattern => {
      const chosen = range(4).filter(lane => (pattern >> lane) & 1)
      return lanes(chosen, atBack).flatMap(lane => range(4).map(byte => lane * 4 + byte))
    }),
  )
  return `(data $compaction "${bytes.map(byte => `\\${byte.toString(16).padStart(2, "0")}`).join("")}")
  (func (export "writeTable") (memory.init $compaction (i32.const 0) (i32.const 0) (i32.const 512)))`
}

/**
 * partitionNumeric(source, target, count, bins, stride, threshold, missing, missingLeft) and
 * partitionTable(source, target, count, bins, stride, goesLeft) return where the right rows begin.
 * Sixteen bins are gathered and compared at once; each four row numbers are then compacted to the front and
 * to the back of the target by a table of shuffles.
 */
const partition = (): string => {
  const bin = (i: number, isColumn: boolean): string => {
    const row = `(i32x4.extract_lane ${i % 4} (local.get $r${i >> 2}))`
    return `(i32.add (local.get $bins) ${isColumn ? row : `(i32.mul ${row} (local.get $stride))`})`
  }
  const compact = (group: number): string => `
          (local.set $nibble (i32.and (i32.shr_u (local.get $mask) (i32.const ${group * 4})) (i32.const 15)))
          (v128.store (local.get $front) (i8x16.swizzle (local.get $r${group})
            (v128.load (i32.shl (local.get $nibble) (i32.const 4)))))
          (local.set $nibble (i32.xor (local.get $nibble) (i32.const 15)))
          (v128.store (i32.sub (local.get $back) (i32.const 16)) (i8x16.swizzle (local.get $r${group})
            (v128.load offset=256 (i32.shl (local.get $nibble) (i32.const 4)))))
          (local.set $nibble (i32.shl (i32.popcnt (local.get $nibble)) (i32.const 2)))
          (local.set $back (i32.sub (local.get $back) (local.get $nibble)))
          (local.set $front (i32.add (local.get $front) (i32.sub (i32.const 16) (local.get $nibble))))`
  const vectors = (isColumn: boolean): string => `
    (loop $vector
      ;; The two stores of the last four rows must not meet: 20 rows or more have to be left.
      (if (i32.ge_u (i32.sub (local.get $end) (local.get $source)) (i32.const 80)) (then
        ${range(4)
          .map(i => `(local.set $r${i} (v128.load offset=${i * 16} (local.get $source)))`)
          .join("\n        ")}
        (local.set $v (v128.load8_splat ${bin(0, isColumn)}))
        ${range(15)
          .map(i => `(local.set $v (v128.load8_lane ${i + 1} ${bin(i + 1, isColumn)} (local.get $v)))`)
          .join("\n        ")}
        (local.set $mask (i8x16.bitmask (v128.or
          (i8x16.le_u (local.get $v) (local.get $limit))
          (v128.and (i8x16.eq (local.get $v) (local.get $absent)) (local.get $absentLeft)))))
        ${range(4).map(compact).join("")}
        (local.set $source (i32.add (local.get $source) (i32.const 64)))
        (br $vector))))`
  const one = (isLeft: string): string => `
      (loop $single
        (if (i32.lt_u (local.get $source) (local.get $end)) (then
          (local.set $row (i32.load (local.get $source)))
          (local.set $bin (i32.load8_u
            (i32.add (local.get $bins) (i32.mul (local.get $row) (local.get $stride)))))
          (local.set $left ${isLeft})
          (i32.store (local.get $front) (local.get $row))
          (i32.store (i32.sub (local.get $back) (i32.const 4)) (local.get $row))
          (local.set $front (i32.add (local.get $front) (i32.shl (local.get $left) (i32.const 2))))
          (local.set $back (i32.sub (local.get $back)
            (i32.shl (i32.sub (i32.const 1) (local.get $left)) (i32.const 2))))
          (local.set $source (i32.add (local.get $source) (i32.const 4)))
          (br $single))))
      (local.get $front)`
  const locals = `
    (local $end i32) (local $front i32) (local $back i32) (local $row i32) (local $bin i32) (local $left i32)`
  const ends = `
    (local.set $end (i32.add (local.get $source) (i32.shl (local.get $count) (i32.const 2))))
    (local.set $front (local.get $target))
    (local.set $back (i32.add (local.get $target) (i32.shl (local.get $count) (i32.const 2))))`
  return `
  (func (export "partitionNumeric")
    (param $source i32) (param $target i32) (param $count i32) (param $bins i32) (param $stride i32)
    (param $threshold i32) (param $missing i32) (param $missingLeft i32) (result i32)
    ${locals} (local $mask i32) (local $nibble i32)
    (local $v v128) (local $limit v128) (local $absent v128) (local $absentLeft v128)
    (local $r0 v128) (local $r1 v128) (local $r2 v128) (local $r3 v128)
    ${ends}
    (local.set $limit (i8x16.splat (local.get $threshold)))
    (local.set $absent (i8x16.splat (local.get $missing)))
    (local.set $absentLeft (i8x16.splat (i32.sub (i32.const 0) (local.get $missingLeft))))
    (if (i32.eq (local.get $stride) (i32.const 1))
      (then ${vectors(true)})
      (else ${vectors(false)}))
    ${one(`(i32.or (i32.le_u (local.get $bin) (local.get $threshold))
            (i32.and (i32.eq (local.get $bin) (local.get $missing)) (local.get $missingLeft)))`)})
  (func (export "partitionTable")
    (param $source i32) (param $target i32) (param $count i32) (param $bins i32) (param $stride i32)
    (param $goesLeft i32) (result i32)
    ${locals}
    ${ends}
    ${one(`(i32.load8_u (i32.add (local.get $goesLeft) (local.get $bin)))`)})`
}

/**
 * markRows(list, count, ids, id): the 16-bit number `id` for each row of the list.
 * addSteps(ids, count, steps, gradients, stride): adds steps[id] to the gradient of each row in turn.
 */
const addSteps = (): string => `
  (func (export "markRows") (param $list i32) (param $count i32) (param $ids i32) (param $id i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $list) (i32.shl (local.get $count) (i32.const 2))))
    (loop $next
      (if (i32.lt_u (local.get $list) (local.get $end)) (then
        (i32.store16 (i32.add (local.get $ids) (i32.shl (i32.load (local.get $list)) (i32.const 1)))
          (local.get $id))
        (local.set $list (i32.add (local.get $list) (i32.const 4)))
        (br $next)))))
  (func (export "addSteps")
    (param $ids i32) (param $count i32) (param $steps i32) (param $gradients i32) (param $stride i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $ids) (i32.shl (local.get $count) (i32.const 1))))
    (loop $next
      (if (i32.lt_u (local.get $ids) (local.get $end)) (then
        (i32.store (local.get $gradients) (i32.add (i32.load (local.get $gradients)) (i32.trunc_f64_s
          (f64.load (i32.add (local.get $steps) (i32.shl (i32.load16_u (local.get $ids)) (i32.const 3)))))))
        (local.set $ids (i32.add (local.get $ids) (i32.const 2)))
        (local.set $gradients (i32.add (local.get $gradients) (local.get $stride)))
        (br $next)))))`
