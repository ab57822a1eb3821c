// mistake: no-reserve
import type { Filled, Request } from "../solution.ts"

export const fill = (request: Request, count: (text: string) => number): Filled => {
  const { window, overhead, system, question, passages, turns } = request
  const budget = window
  const cost = (text: string): number => count(text) + overhead
  let spent = cost(system) + cost(question)
  if (spent > budget) throw new Error(`System and question do not fit: ${spent} of ${budget} tokens.`)
  const filled: Filled = { passages: [], turns: [], promptTokens: 0 }
  for (const [index, passage] of passages.entries()) {
    if (spent + cost(passage) > budget) continue
    spent += cost(passage)
    filled.passages.push(index)
  }
  for (let index = turns.length - 1; index >= 0; index--) {
    if (spent + cost(turns[index]) > budget) break
    spent += cost(turns[index])
    filled.turns.unshift(index)
  }
  return { ...filled, promptTokens: spent }
}
