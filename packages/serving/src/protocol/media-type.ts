import { type Refusal, unsupportedType } from "../validate/refusal.ts"

export type MediaType = "application/json" | "text/csv"

const taken: readonly MediaType[] = ["application/json", "text/csv"]

/** The media type of a body, UTF-8 alone and without parameters but `charset`, as MLflow's server takes it. */
export const mediaTypeOf = (header: string | undefined): MediaType | Refusal => {
  // What nearly every client sends, without the work of taking it apart.
  if (header === "application/json") return header
  if (header === undefined) return unsupportedType(header, taken)
  const [name, ...parameters] = header.split(";").map(part => part.trim().toLowerCase())
  const type = taken.find(each => each === name)
  const plain = parameters.every(parameter => /^charset="?utf-?8"?$/.test(parameter))
  return type !== undefined && plain ? type : unsupportedType(header, taken)
}
