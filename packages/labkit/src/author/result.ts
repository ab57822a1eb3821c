/** What the gate found wrong with one exercise or drill; no problems means that it passes. */
export interface GateResult {
  id: string
  problems: string[]
  seconds: number
}
