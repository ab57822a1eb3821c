import { deflateRawSync } from "node:zlib"

/** A PDF of these pages, uncompressed, as PDF 1.4 describes it (ISO 32000-1, 7.5). */
export const pdfOf = (pages: readonly (readonly string[])[], title?: string): Uint8Array => {
  const objects: string[] = []
  const kids = pages.map((_, at) => `${4 + 2 * at} 0 R`).join(" ")
  objects.push("<< /Type /Catalog /Pages 2 0 R >>")
  objects.push(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`)
  objects.push("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
  for (const [at, lines] of pages.entries()) {
    const text = lines.map(line => `(${line.replace(/[\\()]/g, "\\$&")}) Tj 0 -14 Td`).join("\n")
    const stream = `BT /F1 12 Tf 50 700 Td\n${text}\nET`
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${5 + 2 * at} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
    )
    objects.push(`<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`)
  }
  if (title) objects.push(`<< /Title (${title}) >>`)
  let body = "%PDF-1.4\n"
  const offsets = objects.map((object, at) => {
    const offset = body.length
    body += `${at + 1} 0 obj\n${object}\nendobj\n`
    return offset
  })
  const xref = body.length
  const rows = offsets.map(offset => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")
  const info = title ? ` /Info ${objects.length} 0 R` : ""
  body += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R${info} >>\nstartxref\n${xref}\n%%EOF\n`
  return new TextEncoder().encode(body)
}

export interface ZipEntry {
  path: string
  content: string | Uint8Array
  /** Unix mode; 0o120777 is a symbolic link. */
  mode?: number
  /** What the headers say of the unpacked size, when it is a lie. */
  claimedSize?: number
  encrypted?: boolean
}

/** A zip archive (PKWARE APPNOTE 6.3.9), with whatever a hostile one would say. */
export const zipOf = (entries: readonly ZipEntry[]): Uint8Array => {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { path, content, mode = 0o100644, claimedSize, encrypted = false } of entries) {
    const name = Buffer.from(path)
    const raw = Buffer.from(content)
    const packed = deflateRawSync(raw)
    const size = claimedSize ?? raw.length
    const flags = 0x0800 | (encrypted ? 1 : 0)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(20, 4)
    local.writeUInt16LE(flags, 6)
    local.writeUInt16LE(8, 8)
    local.writeUInt32LE(packed.length, 18)
    local.writeUInt32LE(size, 22)
    local.writeUInt16LE(name.length, 26)
    const header = Buffer.alloc(46)
    header.writeUInt32LE(0x02014b50, 0)
    header.writeUInt16LE((3 << 8) | 20, 4)
    header.writeUInt16LE(20, 6)
    header.writeUInt16LE(flags, 8)
    header.writeUInt16LE(8, 10)
    header.writeUInt32LE(packed.length, 20)
    header.writeUInt32LE(size, 24)
    header.writeUInt16LE(name.length, 28)
    header.writeUInt32LE((mode << 16) >>> 0, 38)
    header.writeUInt32LE(offset, 42)
    parts.push(local, name, packed)
    central.push(header, name)
    offset += local.length + name.length + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, directory, end])
}
