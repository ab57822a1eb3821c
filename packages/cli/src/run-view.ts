import type { ProgressReport } from "@roadmap/labkit/lab"
import type { RunEvent } from "@roadmap/labkit/run"
import { formatCount, formatNumber, formatSeconds } from "@roadmap/report/format"
import type { CommandContext } from "./context.ts"

export interface RunView {
  onEvent(event: RunEvent): void
  close(): void
}

interface Screen {
  stream: NodeJS.WriteStream
  columns: () => number
}

/** Shows a run on standard error: a live line on a terminal, sparse plain lines elsewhere. */
export const createRunView = (
  context: CommandContext,
  stream: NodeJS.WriteStream = process.stderr,
): RunView => {
  const screen: Screen = { stream, columns: () => stream.columns ?? 100 }
  return stream.isTTY && !context.config.ci ? terminalView(context, screen) : plainView(stream)
}

const redrawMs = 80
const plainLineMs = 10_000

const terminalView = ({ colors }: CommandContext, screen: Screen): RunView => {
  const rate = createRate()
  let lastDraw = Number.NEGATIVE_INFINITY
  let live = false
  const clear = () => {
    if (live) screen.stream.write("\r\x1b[K")
    live = false
  }
  // One write, which overwrites and then clears the rest: a line that is cleared first would flicker.
  const draw = (text: string) => {
    screen.stream.write(`\r${fit(text, screen.columns() - 1)}\x1b[K`)
    live = true
  }
  return {
    onEvent(event) {
      if (event.type === "lab-start") {
        const title = fit(event.lab.title, screen.columns() - event.lab.month.length - 2)
        screen.stream.write(`${colors.bold(title)} ${colors.dim(event.lab.month)}\n`)
      } else if (event.type === "step-start") {
        rate.reset()
        lastDraw = Number.NEGATIVE_INFINITY
        draw(`  … ${event.step.id.padEnd(12)} ${event.step.title}`)
      } else if (event.type === "progress") {
        const now = performance.now()
        const speed = rate.update(event, now)
        if (now - lastDraw < redrawMs && event.done !== event.total) return
        lastDraw = now
        const head = `  … ${event.step.id.padEnd(12)} `
        draw(head + liveText(event, speed, screen.columns() - 1 - head.length))
      } else if (event.type === "step-end") {
        clear()
        const { status, seconds } = event.outcome
        const mark = {
          done: colors.green("✔"),
          skipped: colors.dim("="),
          failed: colors.red("✖"),
          interrupted: colors.yellow("■"),
        }
        const took = status === "skipped" ? "up to date" : formatSeconds(seconds)
        const title = fit(event.step.title, Math.max(0, screen.columns() - 18 - took.length))
        screen.stream.write(`  ${mark[status]} ${event.step.id.padEnd(12)} ${title} ${colors.dim(took)}\n`)
      } else {
        clear()
        screen.stream.write("\n")
      }
    },
    close: clear,
  }
}

const plainView = (stream: NodeJS.WriteStream): RunView => {
  const rate = createRate()
  let lastLine = 0
  return {
    onEvent(event) {
      const now = performance.now()
      if (event.type === "lab-start") {
        stream.write(`${event.lab.month} ${event.lab.title}\n`)
      } else if (event.type === "step-start") {
        rate.reset()
        lastLine = now
        stream.write(`[${event.index + 1}/${event.count}] ${event.step.id}: ${event.step.title}\n`)
      } else if (event.type === "progress") {
        const speed = rate.update(event, now)
        if (now - lastLine < plainLineMs) return
        lastLine = now
        stream.write(`[${event.step.id}] ${describe(event, speed).join(", ")}\n`)
      } else if (event.type === "step-end") {
        const { status, seconds } = event.outcome
        stream.write(
          `[${event.index + 1}/${event.count}] ${event.step.id}: ${status}${status === "skipped" ? "" : ` in ${formatSeconds(seconds)}`}\n`,
        )
      }
    },
    close() {},
  }
}

/** Units a second since the label began, and the seconds left at that rate. */
interface Speed {
  perSecond: number
  left: number | undefined
}

const createRate = () => {
  let label: string | undefined
  let start = 0
  let first = 0
  return {
    reset() {
      label = undefined
    },
    update(report: ProgressReport, now: number): Speed | undefined {
      if (report.label !== label) {
        label = report.label
        start = now
        first = report.done
      }
      const seconds = (now - start) / 1000
      if (seconds < 0.5 || report.done <= first) return undefined
      const perSecond = (report.done - first) / seconds
      return {
        perSecond,
        left: report.total === undefined ? undefined : (report.total - report.done) / perSecond,
      }
    },
  }
}

/** What is done, at which rate, and the time left: as many of these as are known. */
const describe = (report: ProgressReport, speed: Speed | undefined): string[] => {
  const { label, done, total, unit } = report
  const percent = unit === "%"
  const count =
    total === undefined || percent ? formatCount(done) : `${formatCount(done)}/${formatCount(total)}`
  const parts = [`${label} ${count} ${unit}`]
  if (speed && !percent) parts.push(`${formatRate(speed.perSecond)}/s`)
  if (speed?.left !== undefined && speed.left >= 1) parts.push(`${formatSeconds(Math.ceil(speed.left))} left`)
  return parts
}

const formatRate = (perSecond: number) =>
  perSecond < 10 ? formatNumber(perSecond, { significant: 2 }) : formatCount(perSecond)

const barWidth = 16

/** The bar and the words that fit: on a narrow terminal the bar goes first, then the rate; the time left stays. */
const liveText = (report: ProgressReport, speed: Speed | undefined, width: number): string => {
  const parts = describe(report, speed)
  const whole = parts.join(", ")
  for (const text of [bar(report) + whole, whole]) if (text.length <= width) return text
  return [parts[0], ...parts.slice(1).filter(part => part.endsWith(" left"))].join(", ")
}

const bar = ({ done, total }: ProgressReport): string => {
  if (total === undefined || total <= 0) return ""
  const filled = Math.round(barWidth * Math.min(1, Math.max(0, done / total)))
  return `${"█".repeat(filled)}${"░".repeat(barWidth - filled)} `
}

const fit = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
