import { write } from "node:fs"

export interface LogStreamOptions {
  /** Default 2, standard error. */
  fd?: number
  /** Characters that wait at most; lines beyond are dropped. Default 1 MiB. */
  capacity?: number
}

/** For `createLogger`: lines leave in blocks, and the server never waits for who reads them. */
export interface LogStream {
  write(line: string): void
  /** Lines dropped because the reader was too slow, or the file was gone. */
  dropped(): number
  /** Waits, at most a second, until what was written is out. */
  flush(): Promise<void>
}

export const createLogStream = ({ fd = 2, capacity = 1 << 20 }: LogStreamOptions = {}): LogStream => {
  let waiting = ""
  let lines = 0
  let going = false
  let dropped = 0

  const send = (text: Buffer, count: number): void => {
    write(fd, text, (error, bytes) => {
      if (error?.code === "EAGAIN") setTimeout(send, 20, text, count).unref()
      else if (error) {
        dropped += count
        next()
      } else if (bytes < text.length) send(text.subarray(bytes), count)
      else next()
    })
  }
  const next = (): void => {
    going = waiting !== ""
    if (!going) return
    const [block, count] = [Buffer.from(waiting), lines]
    waiting = ""
    lines = 0
    send(block, count)
  }

  return {
    write(line) {
      if (waiting.length + line.length > capacity) {
        dropped++
        return
      }
      waiting += line
      lines++
      if (going) return
      going = true
      setImmediate(next)
    },
    dropped: () => dropped,
    async flush() {
      for (const end = Date.now() + 1_000; going && Date.now() < end; )
        await new Promise(resolve => setTimeout(resolve, 5))
    },
  }
}
