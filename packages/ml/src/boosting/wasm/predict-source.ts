/** Rows whose way through a tree is worked out together: four vectors of 16 bytes. */
const lanes = [0, 16, 32, 48]

/**
 * predictTrees(trees, count, bins, columnBytes, rows, masks, scores): adds each tree's leaf value to the
 * scores of `rows` rows, a multiple of 64. compile-predictor.ts lays out the trees.
 *
 * No row walks down a tree. Every node is tested for 64 rows at once, one byte a row: a child's mask is its
 * parent's mask and the test, so after the last node each row is in exactly one leaf's mask. About one
 * instruction a row and node, and none of them waits for the one before or is a branch to mispredict.
 */
export const predictTrees = (): string => `
  (func (export "predictTrees")
    (param $trees i32) (param $count i32) (param $bins i32) (param $columnBytes i32) (param $rows i32)
    (param $masks i32) (param $scores i32)
    (local $treesEnd i32) (local $node i32) (local $nodesEnd i32) (local $leaf i32) (local $leavesEnd i32)
    (local $values i32) (local $row i32) (local $column i32) (local $parent i32) (local $left i32)
    (local $right i32) (local $id i32) (local $score i32)
    (local $limit v128) (local $absent v128) (local $absentLeft v128) (local $v v128) (local $goes v128)
    (local $low v128) (local $high v128) (local $bits v128)
    ${lanes.map(at => `(local $ids${at} v128)`).join(" ")}
    (local.set $bits (v128.const i8x16 1 2 4 8 16 32 64 -128 1 2 4 8 16 32 64 -128))
    ${lanes.map(at => `(v128.store offset=${at} (local.get $masks) (v128.const i64x2 -1 -1))`).join("\n    ")}
    (local.set $treesEnd (i32.add (local.get $trees) (i32.shl (local.get $count) (i32.const 4))))
    (loop $tree
      (local.set $row (i32.const 0))
      (loop $rows
        (local.set $node (i32.load (local.get $trees)))
        (local.set $nodesEnd (i32.load offset=4 (local.get $trees)))
        (local.set $leavesEnd (i32.load offset=8 (local.get $trees)))
        (local.set $values (i32.load offset=12 (local.get $trees)))
        (loop $node
          (if (i32.lt_u (local.get $node) (local.get $nodesEnd)) (then
            (local.set $column (i32.add (i32.add (local.get $bins) (local.get $row))
              (i32.mul (i32.load (local.get $node)) (local.get $columnBytes))))
            (local.set $parent (i32.add (local.get $masks) (i32.load offset=4 (local.get $node))))
            (local.set $left (i32.add (local.get $masks) (i32.load offset=8 (local.get $node))))
            (local.set $right (i32.add (local.get $masks) (i32.load offset=12 (local.get $node))))
            (if (i32.load8_u offset=16 (local.get $node))
              (then
                (local.set $low (v128.load offset=32 (local.get $node)))
                (local.set $high (v128.load offset=48 (local.get $node)))
                ${lanes.map(at => test(at, setTest)).join("")})
              (else
                (local.set $limit (v128.load8_splat offset=17 (local.get $node)))
                (local.set $absent (v128.load8_splat offset=18 (local.get $node)))
                (local.set $absentLeft (v128.load8_splat offset=19 (local.get $node)))
                ${lanes.map(at => test(at, thresholdTest)).join("")}))
            (local.set $node (i32.add (local.get $node) (i32.const 64)))
            (br $node))))
        ${lanes.map(at => `(local.set $ids${at} (v128.const i64x2 0 0))`).join("\n        ")}
        (local.set $leaf (local.get $masks))
        (local.set $leavesEnd (i32.add (local.get $masks) (local.get $leavesEnd)))
        (local.set $id (i32.const 0))
        (loop $leaf
          (local.set $v (i8x16.splat (local.get $id)))
          ${lanes
            .map(
              at => `(local.set $ids${at} (v128.or (local.get $ids${at})
            (v128.and (local.get $v) (v128.load offset=${at + 64} (local.get $leaf)))))`,
            )
            .join("\n          ")}
          (local.set $id (i32.add (local.get $id) (i32.const 1)))
          (br_if $leaf (i32.lt_u (local.tee $leaf (i32.add (local.get $leaf) (i32.const 64)))
            (local.get $leavesEnd))))
        (local.set $score (i32.add (local.get $scores) (i32.shl (local.get $row) (i32.const 3))))
        ${lanes.map(at => Array.from({ length: 16 }, (_, lane) => addValue(at, lane)).join("")).join("")}
        (br_if $rows (i32.lt_u (local.tee $row (i32.add (local.get $row) (i32.const 64))) (local.get $rows))))
      (br_if $tree (i32.lt_u (local.tee $trees (i32.add (local.get $trees) (i32.const 16)))
        (local.get $treesEnd)))))`

const test = (at: number, goesLeft: string): string => `
                (local.set $v (v128.load offset=${at} (local.get $column)))
                (local.set $goes ${goesLeft})
                (local.set $v (v128.load offset=${at} (local.get $parent)))
                (v128.store offset=${at} (local.get $left) (v128.and (local.get $v) (local.get $goes)))
                (v128.store offset=${at} (local.get $right) (v128.andnot (local.get $v) (local.get $goes)))`

const thresholdTest = `(v128.or (i8x16.le_u (local.get $v) (local.get $limit))
                  (v128.and (i8x16.eq (local.get $v) (local.get $absent)) (local.get $absentLeft)))`

/** Bit `v` of 256: byte v >> 3 by two shuffles (an index past 15 gives 0), bit v & 7 by a third. */
const setTest = `(i8x16.ne (v128.const i64x2 0 0) (v128.and
                  (v128.or
                    (i8x16.swizzle (local.get $low) (i8x16.shr_u (local.get $v) (i32.const 3)))
                    (i8x16.swizzle (local.get $high)
                      (i8x16.sub (i8x16.shr_u (local.get $v) (i32.const 3)) (i8x16.splat (i32.const 16)))))
                  (i8x16.swizzle (local.get $bits)
                    (v128.and (local.get $v) (i8x16.splat (i32.const 7))))))`

const addValue = (at: number, lane: number): string => `
        (f64.store offset=${(at + lane) * 8} (local.get $score) (f64.add
          (f64.load offset=${(at + lane) * 8} (local.get $score))
          (f64.load (i32.add (local.get $values)
            (i32.shl (i8x16.extract_lane_u ${lane} (local.get $ids${at})) (i32.const 3))))))`
