import type { ProgressReport } from "@roadmap/labkit/lab"
import type { RunEvent } from "@roadmap/labkit/run"
import { formatCount, formatSeconds } from "@roadmap/report/format"
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
  let lastDraw = 0
  let live = false
  const clear = () => {
    if (live) screen.stream.write("\r\x1b[K")
    live = false
  }
  const draw = (text: string) => {
    clear()
    screen.stream.write(fit(text, screen.columns() - 1))
    live = true
  }
  return {
    onEvent(event) {
      if (event.type === "lab-start") {
        screen.stream.write(`${colors.bold(event.lab.title)} ${colors.dim(event.lab.month)}\n`)
      } else if (event.type === "step-start") {
        rate.reset()
        lastDraw = 0
        draw(`  … ${event.step.id.padEnd(12)} ${event.step.title}`)
      } else if (event.type === "progress") {
        const now = performance.now()
        if (now - lastDraw < redrawMs && event.done !== event.total) return
        lastDraw = now
        draw(`  … ${event.step.id.padEnd(12)} ${bar(event)}${describe(event, rate.update(event, now))}`)
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
        const title = fit(event.step.title, Math.max(0, screen.columns() - 32))
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
        stream.write(`[${event.step.id}] ${describe(event, speed)}\n`)
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

const describe = (report: ProgressReport, speed: Speed | undefined): string => {
  const count =
    report.total === undefined
      ? formatCount(report.done)
      : `${formatCount(report.done)}/${formatCount(report.total)}`
  const parts = [`${report.label} ${count} ${report.unit}`]
  if (speed) parts.push(`${formatCount(Math.round(speed.perSecond))} ${report.unit}/s`)
  if (speed?.left !== undefined && speed.left >= 1) parts.push(`${formatSeconds(Math.ceil(speed.left))} left`)
  return parts.join(", ")
}

const barWidth = 16

const bar = ({ done, total }: ProgressReport): string => {
  if (total === undefined || total <= 0) return ""
  const filled = Math.round(barWidth * Math.min(1, done / total))
  return `${"█".repeat(filled)}${"░".repeat(barWidth - filled)} `
}

const fit = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
