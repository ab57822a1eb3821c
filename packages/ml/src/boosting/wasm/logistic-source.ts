import { cellsPerUnit, lastPosition, tableReach } from "../logistic.ts"

/**
 * writeLogistic(row, end, ids, steps, scores, targets, weights, payloads, stride, table, scale,
 * hessianScale, seed): logistic.ts says the same in TypeScript. Pointers are those of `row`; `steps` and
 * `weights` are 0 for none; `seed` has had its share of the mixing.
 */
export const writeLogistic = (): string => `
  (func (export "writeLogistic")
    (param $row i32) (param $end i32) (param $ids i32) (param $steps i32) (param $scores i32)
    (param $targets i32) (param $weights i32) (param $payloads i32) (param $stride i32) (param $table i32)
    (param $scale f64) (param $hessianScale f64) (param $seed i32)
    (local $score f64) (local $position f64) (local $cell i32) (local $low f64) (local $p f64)
    (local $gradient f64) (local $hessian f64) (local $z i32)
    (loop $next
      (local.set $score (f64.load (local.get $scores)))
      (if (local.get $steps) (then
        (local.set $score (f64.add (local.get $score) (f64.load
          (i32.add (local.get $steps) (i32.shl (i32.load16_u (local.get $ids)) (i32.const 3))))))
        (f64.store (local.get $scores) (local.get $score))))
      (local.set $position (f64.max (f64.const 0) (f64.min
        (f64.mul (f64.add (local.get $score) (f64.const ${tableReach})) (f64.const ${cellsPerUnit}))
        (f64.const ${lastPosition}))))
      (local.set $cell (i32.trunc_f64_s (local.get $position)))
      (local.set $position (f64.sub (local.get $position) (f64.convert_i32_s (local.get $cell))))
      (local.set $cell (i32.add (local.get $table) (i32.shl (local.get $cell) (i32.const 3))))
      (local.set $low (f64.load (local.get $cell)))
      (local.set $p (f64.add (local.get $low) (f64.mul (local.get $position)
        (f64.sub (f64.load offset=8 (local.get $cell)) (local.get $low)))))
      (local.set $gradient (f64.sub (local.get $p)
        (f64.promote_f32 (f32.load (local.get $targets)))))
      (local.set $hessian (f64.mul (local.get $p) (f64.sub (f64.const 1) (local.get $p))))
      (if (local.get $weights) (then
        (local.set $gradient (f64.mul (local.get $gradient) (f64.load (local.get $weights))))
        (local.set $hessian (f64.mul (local.get $hessian) (f64.load (local.get $weights))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 8)))))
      (local.set $z (i32.xor (local.get $seed) (local.get $row)))
      (local.set $z (i32.mul (i32.xor (local.get $z) (i32.shr_u (local.get $z) (i32.const 16)))
        (i32.const 0x85ebca6b)))
      (local.set $z (i32.mul (i32.xor (local.get $z) (i32.shr_u (local.get $z) (i32.const 13)))
        (i32.const 0xc2b2ae35)))
      (local.set $z (i32.xor (local.get $z) (i32.shr_u (local.get $z) (i32.const 16))))
      (i32.store (local.get $payloads) (i32.or
        (i32.shl (i32.trunc_f64_s (f64.floor (f64.add (f64.mul (local.get $gradient) (local.get $scale))
          ${fraction("(i32.and (local.get $z) (i32.const 0xffff))")}))) (i32.const 16))
        (i32.trunc_f64_s (f64.min (f64.const 65535)
          (f64.floor (f64.add (f64.mul (local.get $hessian) (local.get $hessianScale))
            ${fraction("(i32.shr_u (local.get $z) (i32.const 16))")}))))))
      (local.set $ids (i32.add (local.get $ids) (i32.const 2)))
      (local.set $scores (i32.add (local.get $scores) (i32.const 8)))
      (local.set $targets (i32.add (local.get $targets) (i32.const 4)))
      (local.set $payloads (i32.add (local.get $payloads) (local.get $stride)))
      (br_if $next (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 1))) (local.get $end)))))`

/** A 16-bit random integer as a number in [0, 1). */
const fraction = (integer: string): string =>
  `(f64.mul (f64.convert_i32_s ${integer}) (f64.const ${1 / 65_536}))`
