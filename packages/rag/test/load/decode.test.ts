import { isRoadmapError } from "@roadmap/core/errors"
import fc from "fast-check"
import { expect, test } from "vitest"
import { cleanText } from "../../src/load/clean.ts"
import { decodeText } from "../../src/load/decode.ts"

/** UTF-16 units of all kinds: control characters, lone surrogates, letters of many scripts. */
const anyText = (maxLength: number) =>
  fc.string({
    unit: fc
      .oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0xffff }))
      .map(code => String.fromCharCode(code)),
    maxLength,
  })

const bytesOf = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding)

test("UTF-8 is read as it is, with or without a byte order mark", () => {
  expect(decodeText(bytesOf("Grüße, 世界 🌍", "utf8"), "a.txt")).toMatchObject({
    text: "Grüße, 世界 🌍",
    encoding: "utf-8",
  })
  expect(decodeText(bytesOf("\ufeffGrüße", "utf8"), "a.txt").text).toBe("Grüße")
})

test("UTF-16 is known by its mark, and without one by the zeros of English text", () => {
  const text = "Plain words, and some more of them."
  const little = bytesOf(text, "utf16le")
  const big = Buffer.from(little).swap16()
  expect(decodeText(Buffer.concat([Buffer.from([0xff, 0xfe]), little]), "a")).toMatchObject({
    text,
    encoding: "utf-16le",
  })
  expect(decodeText(Buffer.concat([Buffer.from([0xfe, 0xff]), big]), "a")).toMatchObject({
    text,
    encoding: "utf-16be",
  })
  expect(decodeText(little, "a")).toMatchObject({ text, encoding: "utf-16le" })
  expect(decodeText(big, "a")).toMatchObject({ text, encoding: "utf-16be" })
})

test("Latin-1 is read as windows-1252 and says so; it is never shown as broken UTF-8", () => {
  const read = decodeText(bytesOf("Café Müller, naïve façade", "latin1"), "a.txt")
  expect(read).toEqual({ text: "Café Müller, naïve façade", encoding: "windows-1252", replaced: 0 })
})

test("UTF-8 with a broken byte among good ones stays UTF-8 and counts what was replaced", () => {
  const bytes = Buffer.concat([
    bytesOf("Grüße aus Köln ", "utf8"),
    Buffer.from([0xff]),
    bytesOf(" und München", "utf8"),
  ])
  expect(decodeText(bytes, "a.txt")).toEqual({
    text: "Grüße aus Köln \ufffd und München",
    encoding: "utf-8",
    replaced: 1,
  })
})

test("bytes that are no text are refused by name", () => {
  const bytes = Uint8Array.from({ length: 5_000 }, (_, i) => (i * 7_919) % 256)
  expect(() => decodeText(bytes, "photo.txt")).toThrow(
    expect.objectContaining({
      code: "INVALID_INPUT",
      message: expect.stringContaining("photo.txt is not text"),
    }),
  )
})

test("any bytes are read or refused with a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      try {
        decodeText(bytes, "x")
      } catch (error) {
        expect(isRoadmapError(error, "INVALID_INPUT")).toBe(true)
      }
    }),
  )
})

test("cleaned text has one kind of line end, no control characters and no lone surrogates", () => {
  expect(cleanText("a\r\nb\rc\u2028d\fe\u0000\u001b[31m\u009bf\ufeff\tg")).toBe("a\nb\nc\nd\ne[31mf\tg")
  expect(cleanText("x\ud800y")).toBe("x\ufffdy")
  fc.assert(
    fc.property(anyText(200), text => {
      const clean = cleanText(text)
      expect(clean).not.toMatch(/[\p{Cc}--[\t\n]]/v)
      expect(clean.isWellFormed()).toBe(true)
      expect(cleanText(clean)).toBe(clean)
    }),
  )
})
