import { extname } from "node:path/posix"
import { RoadmapError } from "@roadmap/core/errors"
import type { Document, Metadata } from "../document.ts"
import { decodeText } from "./decode.ts"
import { createDocument } from "./document.ts"
import { checkLimit, type LoadLimits } from "./limits.ts"
import { type Read, readMarkdown, readText } from "./markdown.ts"

/** What the endings of file names mean. */
export const formats: Record<string, Document["format"]> = {
  ".md": "markdown",
  ".markdown": "markdown",
  ".mdx": "markdown",
  ".txt": "text",
  ".text": "text",
  ".html": "html",
  ".htm": "html",
  ".xhtml": "html",
  ".pdf": "pdf",
}

export const formatOf = (path: string): Document["format"] | undefined => formats[extname(path).toLowerCase()]

export interface FileContent {
  source: string
  /** Relative path, which the id ends with. */
  path: string
  uri: string
  bytes: Uint8Array
  limits: LoadLimits
  metadata?: Metadata
  signal?: AbortSignal
}

/**
 * One file as a document, read by the ending of its name. Throws INVALID_INPUT (unknown kind, no text in a text file, an
 * encrypted or broken PDF), LIMIT_EXCEEDED, FILE_EMPTY.
 */
export const readDocument = async (file: FileContent): Promise<Document> => {
  const { source, path, uri, bytes, limits } = file
  const format = formatOf(path)
  if (!format)
    throw new RoadmapError("INVALID_INPUT", `${path} is of no kind that is read.`, {
      hint: `Known endings: ${Object.keys(formats).join(", ")}.`,
    })
  checkLimit(path, "bytes", bytes.length, limits.fileBytes)
  if (bytes.length === 0) throw new RoadmapError("FILE_EMPTY", `${path} is empty.`)
  const read = format === "pdf" ? await pdf(file) : await readAsText(file, format)
  checkLimit(path, "characters", read.text.length, limits.textLength)
  return createDocument({
    id: `${source}/${path}`,
    source,
    uri,
    title: read.title,
    format,
    text: read.text,
    metadata: { ...read.metadata, ...file.metadata },
  })
}

/** The libraries of PDF and HTML are loaded by the first file that needs them. */
const pdf = async (file: FileContent): Promise<Read> => {
  const { readPdf } = await import("./pdf.ts")
  return readPdf(file.bytes, file.path, file.limits, file.signal)
}

const readAsText = async (file: FileContent, format: Document["format"]): Promise<Read> => {
  const { text, encoding, replaced } = decodeText(file.bytes, file.path)
  const unified = text.replace(/\r\n?/g, "\n")
  const read =
    format === "html"
      ? (await import("./html.ts")).readHtml(unified, file.path)
      : format === "markdown"
        ? readMarkdown(unified, file.path)
        : readText(unified, file.path)
  return {
    ...read,
    metadata: {
      ...read.metadata,
      // Only where a reader should know that the bytes were not plain UTF-8.
      ...(encoding !== "utf-8" && { encoding }),
      ...(replaced > 0 && { replacedCharacters: replaced }),
    },
  }
}
