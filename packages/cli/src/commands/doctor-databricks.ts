import { throwIfAborted } from "@roadmap/core/async"
import { exitCodes } from "@roadmap/core/errors"
import type { Finding } from "@roadmap/warehouse/examine"
import type { CommandContext } from "../context.ts"

/** Tries on a live warehouse what this project asks of one; a line for each check as it ends. */
export const doctorDatabricks = async (context: CommandContext): Promise<number> => {
  const { config, json, signal } = context
  const { examineDatabricks } = await import("@roadmap/warehouse/examine")
  const findings: Finding[] = []
  for await (const finding of examineDatabricks(config, signal)) {
    findings.push(finding)
    if (!json) process.stdout.write(`${line(context, finding)}\n`)
  }
  throwIfAborted(signal)
  if (json) context.print({ databricks: findings }, () => "")
  return findings.some(({ status }) => status === "failed") ? exitCodes.SQL_FAILED : 0
}

const line = ({ colors }: CommandContext, { status, check, seconds, detail, hint }: Finding): string => {
  const marks = { ok: colors.green("✔"), failed: colors.red("✘"), absent: colors.yellow("–") }
  const found = `${marks[status]} ${check.padEnd(16)} ${seconds.toFixed(2).padStart(6)} s  ${detail}`
  return hint ? `${found}\n${" ".repeat(29)}${hint}` : found
}
