import { isRoadmapError } from "@roadmap/core/errors"
import fc from "fast-check"
import { expect, test } from "vitest"
import { loadUpload } from "../../src/load/upload.ts"
import { type ZipEntry, zipOf } from "./made-files.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const upload = (entries: readonly ZipEntry[], limits = {}) =>
  loadUpload({ name: "docs.zip", bytes: zipOf(entries) }, { limits })

test("a Markdown file is a document of the source uploads", async () => {
  const { documents, skipped } = await loadUpload({ name: "notes.md", bytes: bytes("# Notes\n\nWords.") })
  expect(documents).toMatchObject([
    { id: "uploads/notes.md", source: "uploads", title: "Notes", format: "markdown" },
  ])
  expect(skipped).toEqual([])
})

test("a zip gives a document a file; other kinds and hidden files are passed over", async () => {
  const { documents, skipped } = await upload([
    { path: "a/one.md", content: "One." },
    { path: "two.html", content: "<p>Two.</p>" },
    { path: "logo.png", content: "not looked at" },
    { path: "__MACOSX/._one.md", content: "x" },
    { path: "bad.txt", content: Uint8Array.from({ length: 300 }, (_, i) => i % 30) },
  ])
  expect(documents.map(each => each.id)).toEqual(["uploads/docs.zip/a/one.md", "uploads/docs.zip/two.html"])
  expect(skipped).toMatchObject([{ name: "docs.zip/bad.txt", code: "INVALID_INPUT" }])
})

test("of a name that came with folders only the last part is kept", async () => {
  const { documents } = await loadUpload({ name: "../../etc/C:\\dir\\a<b>.md", bytes: bytes("x y") })
  expect(documents[0].id).toBe("uploads/a_b_.md")
  for (const name of ["", "..", "a/..", `${"x".repeat(300)}.md`])
    await expect(loadUpload({ name, bytes: bytes("x") })).rejects.toMatchObject({ code: "INVALID_INPUT" })
})

test("a file that is not what its name says is refused", async () => {
  const disguised = { name: "page.md", bytes: zipOf([{ path: "a.md", content: "x" }]) }
  await expect(loadUpload(disguised)).rejects.toMatchObject({
    message: expect.stringContaining("is a zip archive"),
  })
  await expect(loadUpload({ name: "run.exe", bytes: bytes("MZ") })).rejects.toMatchObject({
    code: "INVALID_INPUT",
  })
  await expect(loadUpload({ name: "empty.md", bytes: bytes("") })).rejects.toMatchObject({
    code: "FILE_EMPTY",
  })
})

test("a path that leaves the archive refuses the whole archive", async () => {
  for (const path of ["../evil.md", "a/../../evil.md", "/etc/evil.md", "C:/evil.md", "a\\..\\evil.md"])
    await expect(
      upload([
        { path: "ok.md", content: "fine" },
        { path, content: "x" },
      ]),
    ).rejects.toMatchObject({
      code: "PATH_OUTSIDE",
    })
})

test("a symbolic link in an archive refuses the whole archive", async () => {
  await expect(upload([{ path: "link.md", content: "/etc/passwd", mode: 0o120777 }])).rejects.toMatchObject({
    code: "PATH_OUTSIDE",
    message: expect.stringContaining("symbolic link"),
  })
})

test("an archive in an archive and an encrypted file are refused", async () => {
  await expect(upload([{ path: "inner.zip", content: "x" }])).rejects.toMatchObject({
    message: expect.stringContaining("archive inside of an archive"),
  })
  await expect(upload([{ path: "a.md", content: "x", encrypted: true }])).rejects.toMatchObject({
    message: expect.stringContaining("encrypted"),
  })
})

test("a zip bomb is refused before it is unpacked: by ratio, by size, by the number of files", async () => {
  const bomb = { path: "bomb.txt", content: "0".repeat(5_000_000) }
  await expect(upload([bomb])).rejects.toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: expect.stringContaining("unpacked bytes a packed one"),
  })
  const many = Array.from({ length: 30 }, (_, i) => ({ path: `${i}.txt`, content: `${i} words` }))
  await expect(upload(many, { entries: 20 })).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" })
  const four = Array.from({ length: 4 }, (_, i) => ({ path: `${i}.txt`, content: `${i} words `.repeat(100) }))
  await expect(upload(four, { unpackedBytes: 2_000 })).rejects.toMatchObject({
    message: expect.stringContaining("when unpacked"),
  })
})

test("an archive that lies about its sizes is refused while it is unpacked", async () => {
  await expect(
    upload([{ path: "a.txt", content: "words ".repeat(1_000), claimedSize: 10 }]),
  ).rejects.toMatchObject({
    code: "FILE_CORRUPT",
  })
})

test("an archive without anything to read, and one that is cut short, are refused", async () => {
  await expect(upload([{ path: "a.png", content: "x" }])).rejects.toMatchObject({ code: "INVALID_INPUT" })
  const whole = zipOf([{ path: "a.md", content: "words" }])
  await expect(loadUpload({ name: "d.zip", bytes: whole.subarray(0, 40) })).rejects.toMatchObject({
    code: "FILE_CORRUPT",
  })
})

test("any bytes under any ending are read or refused with a code", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("a.md", "a.html", "a.pdf", "a.zip", "a.txt"),
      fc.uint8Array({ maxLength: 200 }),
      async (name, content) => {
        try {
          await loadUpload({ name, bytes: content })
        } catch (error) {
          expect(isRoadmapError(error)).toBe(true)
          expect((error as { code: string }).code).not.toBe("INTERNAL")
        }
      },
    ),
    { numRuns: 60 },
  )
})

test("a zip with any byte changed is read or refused with a code", async () => {
  const whole = zipOf([
    { path: "a.md", content: "Some words of the first." },
    { path: "b.md", content: "And of the second." },
  ])
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = Uint8Array.from(whole)
      changed[at] ^= change
      try {
        await loadUpload({ name: "a.zip", bytes: changed })
      } catch (error) {
        expect((error as { code: string }).code).toMatch(
          /^(FILE_CORRUPT|INVALID_INPUT|LIMIT_EXCEEDED|PATH_OUTSIDE|FILE_EMPTY)$/,
        )
      }
    }),
    { numRuns: 150 },
  )
})
