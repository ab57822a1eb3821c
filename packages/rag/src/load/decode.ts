import { RoadmapError } from "@roadmap/core/errors"

export interface Decoded {
  text: string
  /** As decoded: "utf-8", "utf-16le", "utf-16be" or "windows-1252". */
  encoding: string
  /** Byte sequences that were no UTF-8 and stand as U+FFFD in the text. */
  replaced: number
}

/**
 * Bytes of a text file as text. A byte order mark decides; else UTF-8 where it is valid; else UTF-16 when every second
 * byte is 0, as in English text; else UTF-8 with U+FFFD when valid multi-byte characters outweigh the broken ones; else
 * windows-1252, the web's reading of Latin-1 (https://encoding.spec.whatwg.org/#names-and-labels).
 * Throws INVALID_INPUT when the bytes are no text.
 */
export const decodeText = (bytes: Uint8Array, name: string): Decoded => {
  const decoded = decode(bytes)
  const share = controlShare(decoded.text)
  if (share > 0.01)
    throw new RoadmapError(
      "INVALID_INPUT",
      `${name} is not text: ${(100 * share).toFixed(0)} % of it are control characters.`,
      { hint: "Give the text of it, or a file of a known kind: .md, .txt, .html, .pdf." },
    )
  return decoded
}

const decode = (bytes: Uint8Array): Decoded => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodedAs("utf-16le", bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodedAs("utf-16be", bytes)
  const zeros = zerosByParity(bytes)
  if (zeros.odd > 0.3 && zeros.even < 0.05) return decodedAs("utf-16le", bytes)
  if (zeros.even > 0.3 && zeros.odd < 0.05) return decodedAs("utf-16be", bytes)
  const lenient = decodedAs("utf-8", bytes)
  if (lenient.replaced === 0 || lenient.replaced <= count(lenient.text, /[^\p{ASCII}\ufffd]/gu))
    return lenient
  return { ...decodedAs("windows-1252", bytes), replaced: 0 }
}

const decodedAs = (encoding: string, bytes: Uint8Array): Decoded => {
  const text = new TextDecoder(encoding).decode(bytes)
  return { text, encoding, replaced: count(text, /\ufffd/g) }
}

/** Share of the even and of the odd bytes that are 0, in the first 64 KiB. */
const zerosByParity = (bytes: Uint8Array): { even: number; odd: number } => {
  const length = Math.min(bytes.length, 65_536) & ~1
  const zeros = [0, 0]
  for (let i = 0; i < length; i++) if (bytes[i] === 0) zeros[i & 1]++
  return { even: (2 * zeros[0]) / Math.max(1, length), odd: (2 * zeros[1]) / Math.max(1, length) }
}

const controlShare = (text: string): number => {
  let controls = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code < 32 && code !== 9 && code !== 10 && code !== 12 && code !== 13) controls++
  }
  return controls / Math.max(1, text.length)
}

const count = (text: string, pattern: RegExp): number => {
  let found = 0
  for (const _ of text.matchAll(pattern)) found++
  return found
}
