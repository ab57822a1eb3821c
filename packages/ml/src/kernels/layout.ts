/** Rows worked on at a time: a block of 30 columns stays in the second-level cache. */
export const BLOCK_ROWS = 512

/**
 * Bytes from a column of a block to the next: 64 more than its rows need, so that columns do not compete for
 * the same lines of a cache whose ways are 4 KiB apart.
 */
export const COLUMN_BYTES = BLOCK_ROWS * 8 + 64

/** A tile of the Gram matrix: 12 sums, which with their 7 operands are as many as 16 registers bear. */
export const TILE_ROWS = 4
export const TILE_COLUMNS = 2

/** Centers whose distances from a row are computed side by side. */
export const CENTER_GROUP = 4

/** Rows whose bounds are looked at before the distances of those that need it; a list of them is scratch. */
export const REFINED_ROWS = 2_048
