import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { createResponseReader } from "../../src/load/response.ts"

const readAll = (text: string, cuts: readonly number[] = []) => {
  const reader = createResponseReader()
  const bytes = Buffer.from(text)
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  let progress: string = "more"
  for (const to of [...ends, bytes.length]) {
    if (to === from) continue
    if (progress !== "more") return { progress: `${progress} early`, status: reader.status }
    progress = reader.read(bytes, from, to)
    from = to
  }
  return { progress, status: reader.status, keepAlive: reader.keepAlive }
}

const answers: Record<string, [text: string, status: number, keepAlive: boolean]> = {
  "with a length": ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true],
  "without a body": ["HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", 204, true],
  "of length 0": [
    "HTTP/1.1 503 Service Unavailable\r\ncontent-length:0\r\nretry-after: 1\r\n\r\n",
    503,
    true,
  ],
  "without a reason": ["HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}", 200, true],
  "in chunks": [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n\r\n12345678\r\n0\r\n\r\n",
    200,
    true,
  ],
  "in chunks with a trailer": [
    "HTTP/1.1 201 Created\r\ntransfer-encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n",
    201,
    true,
  ],
  "after an interim answer": [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx",
    200,
    true,
  ],
  "that ends the connection": [
    "HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 1\r\n\r\nx",
    200,
    false,
  ],
  "of HTTP/1.0": ["HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx", 200, false],
  "of HTTP/1.0 that stays": [
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx",
    200,
    true,
  ],
}

describe("an answer", () => {
  test.each(Object.entries(answers))(
    "%s is read, wherever the pieces are cut",
    (_, [text, status, keepAlive]) => {
      fc.assert(
        fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), cuts => {
          expect(readAll(text, cuts)).toEqual({ progress: "done", status, keepAlive })
        }),
      )
    },
  )

  test.each([
    ["that is no HTTP", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["longer than its length", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy"],
    ["with a chunk without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    ["with bytes after its last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nx"],
    ["with a head without end", `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`],
  ])("%s is broken", (_, text) => {
    expect(readAll(text).progress).toBe("broken")
  })

  test("without a length lasts until the connection ends", () => {
    const reader = createResponseReader()
    const text = Buffer.from("HTTP/1.1 200 OK\r\n\r\nanything")
    expect(reader.read(text, 0, text.length)).toBe("more")
    expect([reader.end(), reader.status]).toEqual([true, 200])
  })

  test("that the connection's end cuts short is none", () => {
    const reader = createResponseReader()
    const text = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    expect(reader.read(text, 0, text.length)).toBe("more")
    expect(reader.end()).toBe(false)
  })

  test("after another is read anew", () => {
    const reader = createResponseReader()
    for (const [text, status] of Object.values(answers)) {
      const bytes = Buffer.from(text)
      expect([reader.read(bytes, 0, bytes.length), reader.status]).toEqual(["done", status])
    }
  })
})
