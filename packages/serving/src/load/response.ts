/** What a piece of input meant for the answer that is being read. */
export type Progress = "more" | "done" | "broken"

/**
 * Reads one HTTP/1.1 answer after the other from pieces of a connection's input (RFC 9112). It keeps the status alone:
 * bodies are measured by their length and thrown away.
 */
export interface ResponseReader {
  /** After "done" and "broken" the reader is ready for the next answer. */
  read(input: Buffer, from: number, to: number): Progress
  /** The connection ended. True when that was the end of an answer without a length. */
  end(): boolean
  /** Of the answer that was last done. */
  readonly status: number
  /** Of the answer that was last done: whether the connection may be used again. */
  readonly keepAlive: boolean
}

const headEnd = Buffer.from("\r\n\r\n")
const largestHead = 64 * 1024

export const createResponseReader = (): ResponseReader => {
  let status = 0
  let keepAlive = true
  let state: "head" | "body" | "chunk-size" | "chunk" | "trailer" | "until-close" = "head"
  /** Bytes of the body or the chunk that are still to come, the chunk's own line end included. */
  let missing = 0
  let held: Buffer | undefined
  let line = ""

  const restart = (): void => {
    state = "head"
    held = undefined
    line = ""
  }
  const over = (progress: "done" | "broken"): Progress => {
    restart()
    return progress
  }

  /** The place after the head, or -1 when it is not whole yet; -2 for what is no HTTP. */
  const readHead = (input: Buffer, from: number, to: number): number => {
    const at = input.indexOf(headEnd, from)
    if (at < 0 || at + 4 > to) return -1
    const head = input.toString("latin1", from, at)
    const code = /^HTTP\/1\.([01]) (\d{3})(?: |\r|$)/.exec(head)
    if (code === null) return -2
    status = Number(code[2])
    if (status >= 100 && status < 200) {
      // An interim answer has no body; the real one follows.
      return at + 4 === to ? -1 : readHead(input, at + 4, to)
    }
    const connection = /\r\nconnection: *([^\r]+)/i.exec(head)?.[1]
    keepAlive =
      connection === undefined
        ? code[1] === "1"
        : !/close/i.test(connection) && (code[1] === "1" || /keep-alive/i.test(connection))
    if (status === 204 || status === 304) {
      state = "body"
      missing = 0
      return at + 4
    }
    if (/\r\ntransfer-encoding: *[^\r]*chunked/i.test(head)) {
      state = "chunk-size"
      return at + 4
    }
    const length = /\r\ncontent-length: *(\d{1,15}) *(?:\r|$)/i.exec(head)
    if (length === null) {
      state = "until-close"
      keepAlive = false
    } else {
      state = "body"
      missing = Number(length[1])
    }
    return at + 4
  }

  const read = (input: Buffer, from: number, to: number): Progress => {
    if (state === "head") {
      const whole = held === undefined ? undefined : Buffer.concat([held, input.subarray(from, to)])
      const source = whole ?? input
      const [start, end] = whole === undefined ? [from, to] : [0, whole.length]
      const place = readHead(source, start, end)
      if (place === -2) return over("broken")
      if (place === -1) {
        if (end - start > largestHead) return over("broken")
        held = whole ?? Buffer.from(input.subarray(from, to))
        return "more"
      }
      held = undefined
      return read(source, place, end)
    }
    if (state === "until-close") return "more"
    if (state === "body") {
      missing -= to - from
      return missing > 0 ? "more" : over(missing === 0 ? "done" : "broken")
    }
    return readChunks(input, from, to)
  }

  const readChunks = (input: Buffer, from: number, to: number): Progress => {
    let at = from
    while (at < to) {
      if (state === "chunk") {
        const taken = Math.min(missing, to - at)
        missing -= taken
        at += taken
        if (missing === 0) state = "chunk-size"
        continue
      }
      const byte = input[at++]
      if (byte !== 0x0a) {
        line += String.fromCharCode(byte)
        if (line.length > 8_192) return over("broken")
        continue
      }
      const text = line.trimEnd()
      line = ""
      if (state === "trailer") {
        if (text === "") return over(at === to ? "done" : "broken")
        continue
      }
      const size = /^([\da-f]{1,12})(?:\s*;.*)?$/i.exec(text)
      if (size === null) return over("broken")
      missing = Number.parseInt(size[1], 16)
      if (missing === 0) state = "trailer"
      else {
        state = "chunk"
        missing += 2
      }
    }
    return "more"
  }

  return {
    read,
    end() {
      const whole = state === "until-close"
      restart()
      return whole
    },
    get status() {
      return status
    },
    get keepAlive() {
      return keepAlive
    },
  }
}
