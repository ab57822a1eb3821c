import type { CommandContext } from "./context.ts"

/** One line on standard error that is written over while work goes on; a line every ten seconds without a terminal. */
export interface LiveLine {
  show(text: string): void
  /** Clears it, so that the result begins on an empty line. */
  end(): void
}

const plainLineMs = 10_000

export const createLiveLine = (
  { config }: Pick<CommandContext, "config">,
  stream: NodeJS.WriteStream = process.stderr,
): LiveLine => {
  if (stream.isTTY && !config.ci)
    return {
      show: text => stream.write(`\r${text.slice(0, (stream.columns ?? 100) - 1)}\x1b[K`),
      end: () => stream.write("\r\x1b[K"),
    }
  let last = performance.now()
  return {
    show(text) {
      if (performance.now() - last < plainLineMs) return
      last = performance.now()
      stream.write(`${text}\n`)
    },
    end: () => undefined,
  }
}
