/** Dockerfiles as data, as far as this project's own go: continued lines, comments, no heredocs. */
export interface Instruction {
  name: string
  /** `--from=packages` and the like. */
  flags: Record<string, string>
  /** What follows, on one line. */
  text: string
}

export const parseDockerfile = (content: string): Instruction[] =>
  content
    .split("\n")
    .filter(line => !line.trimStart().startsWith("#"))
    .join("\n")
    .replace(/\\\n\s*/g, " ")
    .split("\n")
    .flatMap(line => {
      const [, name, rest] = /^\s*(\w+)\s+(.*?)\s*$/.exec(line) ?? []
      if (name === undefined) return []
      const flags: Record<string, string> = {}
      let text = rest
      // Only of the instruction itself: a command's own flags come after its first word.
      for (let flag = /^--([\w-]+)=(\S+)\s*/.exec(text); flag; flag = /^--([\w-]+)=(\S+)\s*/.exec(text)) {
        flags[flag[1]] = flag[2]
        text = text.slice(flag[0].length)
      }
      return [{ name: name.toUpperCase(), flags, text }]
    })

/** The stages in their order; each begins with FROM. */
export const stagesOf = (instructions: readonly Instruction[]): Instruction[][] => {
  const stages: Instruction[][] = []
  for (const each of instructions) {
    if (each.name === "FROM") stages.push([])
    stages.at(-1)?.push(each)
  }
  return stages
}
