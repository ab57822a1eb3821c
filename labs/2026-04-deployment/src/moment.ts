/** The server's clock stands still here: up to this moment the online store is filled, and at it the server is asked. */
export const askedMoment = new Date("2001-06-20T17:00:00Z")

export const microsOf = (time: Date): bigint => BigInt(time.getTime()) * 1_000n

export const timestampOf = (time: Date): string => `TIMESTAMP '${time.toISOString().slice(0, 19)}'`
