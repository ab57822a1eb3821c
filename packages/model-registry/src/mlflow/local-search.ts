import {
  type Comparison,
  type OrderBy,
  parseFilter,
  parseOrderBy,
  type Searchable,
} from "@roadmap/tracking/filter"
import { pageWindow, toPage } from "@roadmap/tracking/page"
import type { Page, SearchOptions } from "../port.ts"

/** What a search looks at in one thing: its attributes by name, and its tags. */
export interface Looked {
  attributes: Record<string, string | number | undefined>
  tags: Record<string, string>
}

/** Filters, orders and cuts a list here, with the embedded registry's rules, for a server that cannot. */
export const searchHere = <T>(
  all: readonly T[],
  options: SearchOptions,
  searchable: Searchable,
  usual: { page: number; most: number; order: readonly string[] },
  look: (item: T) => Looked,
): Page<T> => {
  const { filter = "", orderBy = [] } = options
  const query = { filter, orderBy }
  const window = pageWindow(query, options, usual.page, usual.most)
  const comparisons = parseFilter(filter, searchable)
  const orders = [...orderBy, ...usual.order].map(text => parseOrderBy(text, searchable))
  const found = all
    .map(item => ({ item, looked: look(item) }))
    .filter(({ looked }) => comparisons.every(comparison => holds(looked, comparison)))
    .sort((a, b) => compareBy(orders, a.looked, b.looked))
    .map(({ item }) => item)
  return toPage(found.slice(window.offset, window.offset + window.limit + 1), window, query)
}

const lookedUp = ({ attributes, tags }: Looked, { entity, key }: { entity: string; key: string }) =>
  entity === "tag" ? (Object.hasOwn(tags, key) ? tags[key] : undefined) : attributes[key]

const holds = (looked: Looked, comparison: Comparison): boolean => {
  const { operator, value } = comparison
  const found = lookedUp(looked, comparison)
  if (operator === "IS NULL") return found === undefined
  if (found === undefined) return false
  const single = value as string | number
  switch (operator) {
    case "IS NOT NULL":
      return true
    case "=":
      return found === single
    case "!=":
      return found !== single
    case "<":
      return found < single
    case "<=":
      return found <= single
    case ">":
      return found > single
    case ">=":
      return found >= single
    case "LIKE":
    case "ILIKE":
      return like(String(single), operator === "ILIKE").test(String(found))
    case "IN":
      return (value as readonly string[]).includes(String(found))
    case "NOT IN":
      return !(value as readonly string[]).includes(String(found))
  }
}

const like = (pattern: string, ignoreCase: boolean): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")
      .replaceAll("%", ".*")
      .replaceAll("_", ".")}$`,
    ignoreCase ? "isu" : "su",
  )

/** Things without the value come last, whatever the direction. */
const compareBy = (orders: readonly OrderBy[], a: Looked, b: Looked): number => {
  for (const order of orders) {
    const [left, right] = [lookedUp(a, order), lookedUp(b, order)]
    if (left === right) continue
    if (left === undefined) return 1
    if (right === undefined) return -1
    return (left < right ? -1 : 1) * (order.descending ? -1 : 1)
  }
  return 0
}
