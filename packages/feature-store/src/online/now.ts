/** The clock, in microseconds since 1970. */
export const now = (): bigint => BigInt(Date.now()) * 1_000n
