import { RoadmapError } from "@roadmap/core/errors"

export interface UploadedFile {
  /** As the client sent it: not checked. */
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The files of a `multipart/form-data` body (RFC 7578), which Node reads itself. The fields must be called `file`.
 * Throws INVALID_INPUT for a body that is none, other fields and no file, LIMIT_EXCEEDED for too many, PATH_OUTSIDE
 * for a name with folders.
 */
export const readFiles = async (
  body: Buffer,
  contentType: string,
  limits: { files: number },
): Promise<UploadedFile[]> => {
  const form = await parse(body, contentType)
  const files: UploadedFile[] = []
  for (const [field, value] of form) {
    if (field !== "file" || typeof value === "string")
      throw new RoadmapError(
        "INVALID_INPUT",
        `The form has a field "${field.slice(0, 100)}" that is no upload.`,
        {
          hint: 'Send each document as a file in a field called "file".',
        },
      )
    if (files.length === limits.files)
      throw new RoadmapError("LIMIT_EXCEEDED", `At most ${limits.files} files are taken at once.`, {
        hint: "Send them in several requests.",
      })
    checkName(value.name)
    files.push({ name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) })
  }
  if (files.length > 0) return files
  throw new RoadmapError("INVALID_INPUT", "The form has no file.", {
    hint: 'Send each document as a file in a field called "file".',
  })
}

/** Browsers send the last part of a path alone; what comes with more means to leave its folder. */
const checkName = (name: string): void => {
  if (!/[/\\\0]|^\.{1,2}$/.test(name)) return
  throw new RoadmapError("PATH_OUTSIDE", `"${name.slice(0, 100)}" is a path, not the name of a file.`, {
    hint: "Send the name alone, without folders.",
  })
}

const parse = async (body: Buffer, contentType: string): Promise<FormData> => {
  try {
    return await new Response(new Uint8Array(body), { headers: { "content-type": contentType } }).formData()
  } catch (cause) {
    throw new RoadmapError("INVALID_INPUT", "The body is not a whole multipart/form-data form.", { cause })
  }
}
