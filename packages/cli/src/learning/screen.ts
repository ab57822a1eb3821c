/** The one screen of `watch`: redrawn whole, on the terminal's second page, so the scroll-back stays clean. */
export interface Screen {
  readonly columns: number
  readonly rows: number
  draw(text: string): void
  close(): void
}

const enter = "\x1b[?1049h\x1b[?25l"
const leave = "\x1b[?25h\x1b[?1049l"

export const openScreen = (stream: NodeJS.WriteStream): Screen => {
  stream.write(enter)
  return {
    get columns() {
      return stream.columns ?? 80
    },
    get rows() {
      return stream.rows ?? 24
    },
    draw(text) {
      // Each line is cleared to its end as it is written: no flicker, nothing left of what stood there.
      const lines = fitRows(text.split("\n"), stream.rows ?? 24)
      stream.write(`\x1b[H${lines.map(line => `${line}\x1b[K`).join("\r\n")}\x1b[J`)
    },
    close() {
      stream.write(leave)
    },
  }
}

/** The first and the last lines that fit: the head says what failed, the foot what to press. */
export const fitRows = (lines: readonly string[], rows: number): string[] => {
  if (lines.length <= rows) return [...lines]
  const foot = 2
  return [...lines.slice(0, Math.max(0, rows - foot - 1)), "…", ...lines.slice(-foot)]
}
