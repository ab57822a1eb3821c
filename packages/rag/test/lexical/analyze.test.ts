import fc from "fast-check"
import { expect, test } from "vitest"
import { terms, words } from "../../src/lexical/analyze.ts"

/** UTF-16 units of all kinds: control characters, lone surrogates, letters of many scripts. */
const anyText = (maxLength: number) =>
  fc.string({
    unit: fc
      .oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0xffff }))
      .map(code => String.fromCharCode(code)),
    maxLength,
  })

test("an identifier is kept whole and split, however it is written", () => {
  for (const written of ["trustProxy", "trust_proxy", "trust-proxy", "TrustProxy", "TRUST_PROXY"])
    expect(terms(written), written).toEqual(["trustproxy", "trust", "proxi"])
  expect(terms("getHTTPServer")).toEqual(["gethttpserver", "get", "http", "server"])
})

test("dotted names are kept whole, and so are their parts", () => {
  expect(terms("reply.send()")).toEqual(["reply.send", "repli", "send"])
  expect(terms("fastify.listenTimeout")).toEqual([
    "fastify.listentimeout",
    "fastifi",
    "listentimeout",
    "listen",
    "timeout",
  ])
  expect(terms("docs/Server.md")).toEqual(["doc", "server.md", "server", "md"])
})

test("flags of a command line are found with and without their dashes", () => {
  expect(terms("run --trust-proxy now")).toEqual([
    "run",
    "--trust-proxy",
    "trustproxy",
    "trust",
    "proxi",
    "now",
  ])
  expect(terms("--json")).toEqual(["--json", "json"])
})

test("versions are found by their first numbers", () => {
  expect(terms("v5.12.8")).toEqual(["5.12.8", "5.12", "5"])
  expect(terms("in 5.12")).toEqual(["5.12", "5"])
})

test("words are lower case, without accents, stemmed, and stop words are gone", () => {
  expect(terms("How do I redact secrets?")).toEqual(["redact", "secret"])
  expect(terms("Connections are connecting; it's connected")).toEqual(["connect", "connect", "connect"])
  expect(terms("Café ﬁles")).toEqual(["cafe", "file"])
})

test("text without spaces between words is found by pairs of characters", () => {
  expect(terms("東京都")).toEqual(["東京", "京都"])
  expect(terms("東")).toEqual(["東"])
})

test("keys and encoded data longer than 64 characters are no terms", () => {
  expect(terms(`key ${"a1b2".repeat(40)} end`)).toEqual(["kei", "end"])
})

test("words have their places, and give the terms of the text", () => {
  fc.assert(
    fc.property(anyText(120), text => {
      const found = words(text)
      for (const word of found) expect(text.slice(word.start, word.end)).toBe(word.text)
      expect(found.flatMap(each => each.terms)).toEqual(terms(text))
      for (const term of terms(text)) {
        expect(term).not.toMatch(/\s/)
        expect(term.length).toBeGreaterThan(0)
        expect(term.length).toBeLessThanOrEqual(130)
      }
    }),
    { numRuns: 500 },
  )
})
