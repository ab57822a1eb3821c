import { crc32, deflateRawSync } from "node:zlib"

export interface ZipEntry {
  name: string
  content: Uint8Array
  /** The entry is a symbolic link to what its content says. */
  link?: boolean
}

/** A zip archive (PKWARE's APPNOTE), with whatever names and kinds a test asks for. */
export const zipOf = async (entries: readonly ZipEntry[]): Promise<Uint8Array> => {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, link = false } of entries) {
    const title = Buffer.from(name)
    const packed = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(title.length, 22)
    const file = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, title, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(((link ? 0o120777 : 0o100644) << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    // Made by Unix, so that the attributes hold a mode.
    const madeBy = Buffer.from([20, 3])
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), madeBy, common, rest, title]))
    files.push(file)
    offset += file.length
  }
  const table = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write("PK\x05\x06", 0, "latin1")
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(table.length, 12)
  end.writeUInt32LE(offset, 16)
  return new Uint8Array(Buffer.concat([...files, table, end]))
}

/** 15 MB of one letter in 15 kB. */
export const bomb = (): Promise<Uint8Array> =>
  zipOf([{ name: "bomb.md", content: new Uint8Array(15_000_000).fill(0x61) }])

/** A PDF of one page with one line (ISO 32000). */
export const pdfOf = (line: string): Uint8Array => {
  const stream = `BT /F1 12 Tf 72 720 Td (${line}) Tj ET`
  return pdf(
    [
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
      `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ],
    "",
  )
}

/** A PDF that cannot be opened without a password. */
export const encryptedPdf = (): Uint8Array =>
  pdf(
    [
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [] /Count 0 >>",
      `<< /Filter /Standard /V 1 /R 2 /P -4 /O <${"1f".repeat(32)}> /U <${"2e".repeat(32)}> >>`,
    ],
    ` /Encrypt 3 0 R /ID [<${"ab".repeat(16)}> <${"ab".repeat(16)}>]`,
  )

const pdf = (objects: readonly string[], trailer: string): Uint8Array => {
  let text = "%PDF-1.4\n"
  const offsets = objects.map((content, i) => {
    const offset = text.length
    text += `${i + 1} 0 obj\n${content}\nendobj\n`
    return `${String(offset).padStart(10, "0")} 00000 n \n`
  })
  const start = text.length
  const size = objects.length + 1
  text += `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join("")}`
  text += `trailer\n<< /Size ${size} /Root 1 0 R${trailer} >>\nstartxref\n${start}\n%%EOF\n`
  return new Uint8Array(Buffer.from(text, "latin1"))
}
