import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** A sentence, or a line of a long one, that somebody wrote in a package's documentation. */
export interface Sentence {
  text: string
  /** Where it stands: a page, a list of changes, a comment of type declarations. */
  kind: "page" | "changelog" | "types"
  package: string
}

const store = join(import.meta.dirname, "..", "..", "node_modules", ".pnpm")
const [shortest, longest] = [25, 120]

/**
 * Different sentences of the Markdown pages and type declarations of the installed packages, in the order of their paths, at most
 * `most`. Real texts, because random vectors have no neighbours: searching them says nothing about searching texts.
 */
export const packageSentences = (most: number): Sentence[] => {
  const seen = new Set<string>()
  const found: Sentence[] = []
  for (const folder of readdirSync(store).sort()) {
    if (!folder.includes("@")) continue
    for (const path of documents(join(store, folder, "node_modules"))) {
      const kind = kindOf(path)
      const text = readFileSync(path, "utf8").slice(0, 2_000_000)
      for (const sentence of sentencesOf(kind === "types" ? comments(text) : text)) {
        if (seen.has(sentence)) continue
        seen.add(sentence)
        found.push({ text: sentence, kind, package: folder.split("(")[0] })
        if (found.length === most) return found
      }
    }
  }
  return found
}

const documents = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(?:md|d\.ts)$/i.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
    .sort()

const kindOf = (path: string): Sentence["kind"] =>
  path.endsWith(".d.ts") ? "types" : /(?:change|history|release)[^/]*$/i.test(path) ? "changelog" : "page"

const comments = (text: string): string =>
  (text.match(/\/\*\*[\s\S]*?\*\//g) ?? []).map(each => each.replace(/^\s*\/?\*+\/?/gm, "")).join("\n\n")

const sentencesOf = (text: string): string[] =>
  text
    .replace(/```[\s\S]*?```/g, "")
    .split(/(?<=[.!?])\s+|\n\s*\n|\n(?=\s*[-*#|])/)
    .flatMap(piece => lines(piece.replace(/\s+/g, " ").trim()))
    .filter(piece => piece.length >= shortest && (piece.match(/\p{L}{2,}/gu) ?? []).length >= 4)

/** A long sentence as lines of whole words. */
const lines = (text: string): string[] =>
  text.match(new RegExp(`.{1,${longest}}(?:\\s|$)`, "g"))?.map(line => line.trim()) ?? []
