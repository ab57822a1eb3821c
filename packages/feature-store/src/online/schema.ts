import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { Column, Field } from "@roadmap/warehouse/port"
import type { OnlineRows, OnlineView } from "./port.ts"

/** Refuses a view that cannot be stored. Throws INVALID_INPUT. */
export const checkView = (view: OnlineView): void => {
  const refuse = (problem: string, hint: string): never => {
    throw new RoadmapError("INVALID_INPUT", `View "${view.name}" cannot be stored online: ${problem}.`, {
      hint,
    })
  }
  if (!/^[\w.-]{1,200}$/.test(view.name))
    refuse("its name", "Use 1 to 200 letters, digits, underscores, points and hyphens.")
  if (view.version === "") refuse("it has no version", "Give the fingerprint of its definition.")
  if (view.keys.length === 0) refuse("it has no key column", "Name the entity's key columns.")
  if (view.features.length === 0) refuse("it has no feature", "Name at least one feature.")
  const names = new Set<string>()
  for (const { name } of [...view.keys, ...view.features]) {
    if (name === "" || name === "__proto__" || name.includes("\0"))
      refuse(`${JSON.stringify(name)} is no name for a column`, "Choose another name.")
    if (names.has(name)) refuse(`"${name}" appears twice`, "Give every column its own name.")
    names.add(name)
  }
  for (const { name, type } of view.keys)
    if (type === "float32" || type === "float64")
      refuse(
        `its key "${name}" is ${type}, and fractions are not compared for equality`,
        "Cast it to decimal.",
      )
  const { ttlMicros } = view
  if (ttlMicros !== undefined && !(Number.isSafeInteger(ttlMicros) && ttlMicros > 0))
    refuse(`its TTL of ${ttlMicros} microseconds`, "Give a positive whole number, or none.")
}

/** The columns of a batch in the order of the view: its keys, its features. Throws SCHEMA_MISMATCH or INVALID_INPUT. */
export const alignRows = (view: OnlineView, rows: OnlineRows): { keys: Column[]; features: Column[] } => {
  const byName = new Map(rows.columns.map(column => [column.name, column]))
  const find = (field: Field): Column => {
    const column = byName.get(field.name)
    if (!column) return mismatch(view, `do not bring "${field.name}"`)
    if (!sameType(column, field))
      mismatch(view, `bring "${field.name}" as ${typeText(column)}; the view has ${typeText(field)}`)
    if (column.values.length !== rows.rows)
      unequal(view, `"${field.name}" has ${column.values.length} values for ${rows.rows} rows`)
    return column
  }
  const aligned = { keys: view.keys.map(find), features: view.features.map(find) }
  const known = new Set([...view.keys, ...view.features].map(({ name }) => name))
  const surplus = rows.columns.filter(({ name }) => !known.has(name)).map(({ name }) => name)
  if (surplus.length > 0) mismatch(view, `bring ${surplus.join(", ")}, which the view has not`)
  if (byName.size !== rows.columns.length) unequal(view, "a column appears twice")
  for (const [what, times] of Object.entries({
    "event times": rows.eventTime,
    "created times": rows.createdTime,
    "valid-from times": rows.validFrom,
    "valid-until times": rows.validUntil,
  }))
    if (times && times.length !== rows.rows)
      unequal(view, `there are ${times.length} ${what} for ${rows.rows} rows`)
  return aligned
}

const mismatch = (view: OnlineView, problem: string): never => {
  throw new RoadmapError("SCHEMA_MISMATCH", `The rows for view "${view.name}" ${problem}.`, {
    hint: "Write the view's own columns, or define its new version first.",
  })
}

const unequal = (view: OnlineView, problem: string): never => {
  throw new RoadmapError("INVALID_INPUT", `The rows for view "${view.name}" do not fit together: ${problem}.`)
}

const sameType = (a: Field, b: Field): boolean =>
  a.type === b.type && (a.type !== "decimal" || (a.precision === b.precision && a.scale === b.scale))

const typeText = ({ type, precision, scale }: Field): string =>
  type === "decimal" ? `decimal(${precision}, ${scale})` : type

/** Positions of the wanted features in the view; all of them by default. Throws NOT_FOUND with the nearest name. */
export const featurePositions = (view: OnlineView, wanted?: readonly string[]): number[] => {
  const names = view.features.map(({ name }) => name)
  if (!wanted) return names.map((_, position) => position)
  return wanted.map(name => {
    const position = names.indexOf(name)
    if (position !== -1) return position
    const guess = nearest(name, names)
    throw new RoadmapError("NOT_FOUND", `View "${view.name}" has no feature "${name}".`, {
      hint: guess ? `Did you mean "${guess}"?` : `It has ${names.join(", ")}.`,
    })
  })
}

export const unknownView = (name: string, known: readonly string[]): RoadmapError => {
  const guess = nearest(name, [...known])
  return new RoadmapError("NOT_FOUND", `The online store has no view "${name}".`, {
    hint: guess ? `Did you mean "${guess}"?` : "Materialise it first.",
  })
}

export const otherVersion = (name: string, stored: string, asked: string): RoadmapError =>
  new RoadmapError(
    "SCHEMA_MISMATCH",
    `View "${name}" is stored online in version ${stored.slice(0, 12)}; version ${asked.slice(0, 12)} was asked for.`,
    { hint: "Materialise the view again with its new definition, or serve the model with the old one." },
  )

/** A write or read met a table that another process had dropped. */
export const replacedView = (name: string): RoadmapError =>
  new RoadmapError("SCHEMA_MISMATCH", `View "${name}" was replaced or dropped while this process used it.`, {
    hint: "Open the store again, and define the view's present version.",
  })

/** A write would have advanced from a progress that is no longer the present one. */
export const progressMoved = (name: string): RoadmapError =>
  new RoadmapError(
    "STATE_LOCKED",
    `View "${name}" was materialised or pushed to by another process meanwhile.`,
    {
      hint: "Nothing of this write was stored. Run the same command again: it goes on from where the other one came to.",
      retryable: true,
    },
  )
