import { existsSync } from "node:fs"
import { mkdir, open, rename } from "node:fs/promises"
import { join } from "node:path"
import { createRandom } from "@roadmap/core/random"

export interface Shape {
  readonly rows: number
  readonly columns: number
}

/** Numbers come in ten overlapping groups; the target is linear in them, plus the group's own and noise. */
const groups = 10
const perGroup = 30

/**
 * Writes x.bin (column after column), y.bin (a number a row) and codes.bin (one of 300 categories a row) once.
 * Files appear when they are complete.
 */
export const makeData = async (folder: string, { rows, columns }: Shape): Promise<void> => {
  if (existsSync(join(folder, "x.bin"))) return
  await mkdir(folder, { recursive: true })
  const random = createRandom(1)
  const group = Uint8Array.from({ length: rows }, () => random.integer(groups))
  const codes = Int32Array.from(group, each => each * perGroup + random.integer(perGroup))
  const target = Float64Array.from(codes, code => Math.sin(code) / 2 + random.normal())
  const file = await open(join(folder, "x.bin.part"), "w")
  for (let column = 0; column < columns; column++) {
    const centers = Array.from({ length: groups }, () => random.normal())
    const slope = random.normal() / 5
    const values = new Float64Array(rows)
    for (let row = 0; row < rows; row++) {
      values[row] = centers[group[row]] + random.normal()
      target[row] += slope * values[row]
    }
    await file.write(new Uint8Array(values.buffer))
  }
  await file.close()
  await write(join(folder, "y.bin"), target)
  await write(join(folder, "codes.bin"), codes)
  await rename(join(folder, "x.bin.part"), join(folder, "x.bin"))
}

const write = async (path: string, values: Float64Array | Int32Array): Promise<void> => {
  const file = await open(path, "w")
  await file.write(new Uint8Array(values.buffer))
  await file.close()
}

/** The first rows and columns of the data, and the shape in which the file holds them. */
export interface Part extends Shape {
  readonly folder: string
  readonly stored: Shape
}

export const readPart = async ({ folder, rows, columns, stored }: Part) => {
  const read = async (name: string, bytes: number, from = 0): Promise<ArrayBuffer> => {
    const file = await open(join(folder, name))
    const buffer = new ArrayBuffer(bytes)
    await file.read(new Uint8Array(buffer), 0, bytes, from)
    await file.close()
    return buffer
  }
  const values: Float64Array[] = []
  for (let column = 0; column < columns; column++)
    values.push(new Float64Array(await read("x.bin", 8 * rows, 8 * stored.rows * column)))
  return {
    values,
    target: new Float64Array(await read("y.bin", 8 * rows)),
    codes: new Int32Array(await read("codes.bin", 4 * rows)),
    categories: Array.from({ length: groups * perGroup }, (_, code) => String(code)),
  }
}
