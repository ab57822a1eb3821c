import { throwIfAborted } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import { getDocumentProxy } from "unpdf"
import { cleanLine, cleanText } from "./clean.ts"
import { checkLimit, type LoadLimits } from "./limits.ts"
import { type Read, titleOfPath } from "./markdown.ts"

/**
 * The text of a PDF, page by page, with a blank line between pages; `pages` in the metadata counts them, and
 * `pageStarts` says at which character each begins (chunks have `page` instead). The title is the document's own, else
 * the file's name. Throws INVALID_INPUT for an encrypted or broken PDF and for one without text (scanned pages: there is
 * no character recognition here), LIMIT_EXCEEDED for too many pages or characters.
 */
export const readPdf = async (
  bytes: Uint8Array,
  path: string,
  limits: LoadLimits,
  signal?: AbortSignal,
): Promise<Read> => {
  // pdf.js takes the buffer that it is given away from its owner.
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0, isEvalSupported: false }).catch(
    error => {
      throw refusal(error, path)
    },
  )
  try {
    checkLimit(path, "pages", pdf.numPages, limits.pages)
    const pageStarts: string[] = []
    let text = ""
    for (let number = 1; number <= pdf.numPages; number++) {
      throwIfAborted(signal)
      const page = await pdf.getPage(number).then(each => each.getTextContent())
      const lines = page.items
        .map(item => ("str" in item ? item.str + (item.hasEOL ? "\n" : "") : ""))
        .join("")
      if (text !== "") text += "\n\n"
      pageStarts.push(String(text.length))
      text += cleanText(lines.replace(/(\p{L})-\n(?=\p{Ll})/gu, "$1")).trim()
      checkLimit(path, "characters", text.length, limits.textLength)
    }
    if (text.trim() === "")
      throw new RoadmapError("INVALID_INPUT", `${path} has ${pdf.numPages} pages and no text.`, {
        hint: "Its pages are pictures: give a PDF with a text layer.",
      })
    const { info } = await pdf.getMetadata()
    const title = "Title" in info && typeof info.Title === "string" ? cleanLine(info.Title) : ""
    return { title: title || titleOfPath(path), text, metadata: { pages: pdf.numPages, pageStarts } }
  } catch (error) {
    throw error instanceof RoadmapError ? error : refusal(error, path)
  } finally {
    await pdf.destroy()
  }
}

const refusal = (error: unknown, path: string): RoadmapError =>
  (error as Error).name === "PasswordException"
    ? new RoadmapError("INVALID_INPUT", `${path} is encrypted: it opens with a password only.`, {
        hint: "Save it without a password.",
        cause: error,
      })
    : new RoadmapError("INVALID_INPUT", `${path} cannot be read as PDF: ${(error as Error).message}`, {
        hint: "Open it in a viewer and save it again.",
        cause: error,
      })
