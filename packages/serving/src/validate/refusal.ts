/** One value or column that does not fit, where it is and what was wanted. */
export interface Problem {
  /** Counted from 0; absent when the problem is of the column or of the request as a whole. */
  readonly row?: number
  readonly column?: string
  readonly expected: string
  /** What was there, as JSON, cut to a few characters. */
  readonly got: string
}

/** Why a request is not answered. A value, not an exception: refusing must not cost more than answering. */
export interface Refusal {
  /**
   * 400 the body cannot be read or does not fit the signature; 413 too many rows; 415 a content type that
   * is not taken; 422 it fits, and the model cannot answer it.
   */
  readonly status: 400 | 413 | 415 | 422
  /** One of MLflow's and Databricks' codes. */
  readonly errorCode:
    | "BAD_REQUEST"
    | "INVALID_PARAMETER_VALUE"
    | "REQUEST_LIMIT_EXCEEDED"
    | "UNSUPPORTED_MEDIA_TYPE"
  readonly message: string
  readonly details: readonly Problem[]
}

/** Problems a refusal lists; the others are counted. */
export const listedProblems = 20

export const isRefusal = <T extends object>(answer: T | Refusal): answer is Refusal => "errorCode" in answer

/** The body is not of the form that the content type promises. */
export const malformed = (message: string): Refusal => ({
  status: 400,
  errorCode: "BAD_REQUEST",
  message,
  details: [],
})

/** The body has values or columns other than the signature's. */
export const misfit = (problems: readonly Problem[], count = problems.length): Refusal => {
  const shown = problems.slice(0, 5).map(describeProblem).join("; ")
  const more = count > 5 ? `; and ${count - 5} more` : ""
  return {
    status: 400,
    errorCode: "INVALID_PARAMETER_VALUE",
    message: `The input does not fit the model's signature: ${shown}${more}.`,
    details: problems,
  }
}

export const tooMany = (what: string, count: number, limit: number): Refusal => ({
  status: 413,
  errorCode: "REQUEST_LIMIT_EXCEEDED",
  message: `The request has ${count} ${what}; at most ${limit} are answered at once.`,
  details: [],
})

export const unsupportedType = (contentType: string | undefined, taken: readonly string[]): Refusal => ({
  status: 415,
  errorCode: "UNSUPPORTED_MEDIA_TYPE",
  message: `The content type ${contentType === undefined ? "is missing" : `${shown(contentType)} is not taken`}; send ${taken.join(" or ")} in UTF-8.`,
  details: [],
})

/** The request fits, and still the model has no answer for it. */
export const unanswerable = (message: string): Refusal => ({
  status: 422,
  errorCode: "INVALID_PARAMETER_VALUE",
  message,
  details: [],
})

/** A value as a message shows it: JSON of at most 40 characters. */
export const shown = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (typeof value === "number" && !Number.isFinite(value)) return "a number beyond the range of a double"
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value !== null && typeof value === "object") return "an object"
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value)
  return text.length > 40 ? `${text.slice(0, 40)}…` : text
}

const describeProblem = ({ row, column, expected, got }: Problem): string => {
  const place = [
    ...(row === undefined ? [] : [`row ${row}`]),
    ...(column === undefined ? [] : [`column ${shown(column)}`]),
  ].join(", ")
  return `${place === "" ? "" : `${place}: `}expected ${expected}, got ${got}`
}
