/*
 * Arrays in PostgreSQL's binary format (array_recv in src/backend/utils/adt/arrayfuncs.c), big-endian: dimensions, has
 * nulls, element type's OID, length, lower bound; then a length and the bytes of each element. The client sends a Buffer as
 * it is, so a batch is neither turned into text here nor parsed there.
 */
const headWidth = 20
const oid = { bytea: 17, int8: 20, text: 25 }

const head = (buffer: Buffer, type: number, length: number): void => {
  buffer.writeInt32BE(1, 0)
  buffer.writeInt32BE(0, 4)
  buffer.writeInt32BE(type, 8)
  buffer.writeInt32BE(length, 12)
  buffer.writeInt32BE(1, 16)
}

export const int64Array = (length: number, value: (i: number) => bigint): Buffer => {
  const buffer = Buffer.allocUnsafe(headWidth + 12 * length)
  head(buffer, oid.int8, length)
  for (let i = 0, at = headWidth; i < length; i++, at += 12) {
    buffer.writeInt32BE(8, at)
    buffer.writeBigInt64BE(value(i), at + 4)
  }
  return buffer
}

export const textArray = (length: number, value: (i: number) => string): Buffer => {
  let size = headWidth
  for (let i = 0; i < length; i++) size += 4 + Buffer.byteLength(value(i))
  const buffer = Buffer.allocUnsafe(size)
  head(buffer, oid.text, length)
  for (let i = 0, at = headWidth; i < length; i++) {
    const written = buffer.write(value(i), at + 4)
    buffer.writeInt32BE(written, at)
    at += 4 + written
  }
  return buffer
}

export const bytesArray = (length: number, value: (i: number) => Uint8Array): Buffer => {
  let size = headWidth
  for (let i = 0; i < length; i++) size += 4 + value(i).length
  const buffer = Buffer.allocUnsafe(size)
  head(buffer, oid.bytea, length)
  for (let i = 0, at = headWidth; i < length; i++) {
    const bytes = value(i)
    buffer.writeInt32BE(bytes.length, at)
    buffer.set(bytes, at + 4)
    at += 4 + bytes.length
  }
  return buffer
}
