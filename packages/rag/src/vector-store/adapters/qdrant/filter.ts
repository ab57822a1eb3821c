import { type Filter, type PlainCondition, plainConditions, type Scalar } from "../../../filter.ts"

/** The part of a payload that holds the metadata, and names of fields that Qdrant's path language cannot misread. */
export const metadataKey = (field: string): string =>
  `metadata.${/^[A-Za-z][A-Za-z0-9]*$/.test(field) ? field : `_${Buffer.from(field).toString("hex")}`}`

type QdrantCondition =
  | { key: string; match: { value: Scalar } }
  | { key: string; range: { gte?: number; lte?: number } }
  | { must?: QdrantCondition[]; should?: QdrantCondition[]; must_not?: QdrantCondition[] }

/** The filter in Qdrant's form (https://qdrant.tech/documentation/concepts/filtering/). Throws INVALID_INPUT. */
export const qdrantFilter = (filter: Filter | undefined): { must: QdrantCondition[] } => ({
  must: plainConditions(filter ?? {}).map(([field, condition]) => inQdrant(metadataKey(field), condition)),
})

const inQdrant = (key: string, condition: PlainCondition): QdrantCondition => {
  switch (condition.kind) {
    case "in":
      // `should` of nothing would hold always.
      if (condition.values.length === 0) return { must_not: [{ must: [] }] }
      return { should: condition.values.map(value => equal(key, value)) }
    case "not":
      return { must_not: [equal(key, condition.value)] }
    case "range":
      return {
        key,
        range: {
          ...(condition.gte === -Infinity ? {} : { gte: condition.gte }),
          ...(condition.lte === Infinity ? {} : { lte: condition.lte }),
        },
      }
  }
}

/** `match` knows texts, booleans and integers that fit 53 bits; any other number is a range of one point. */
const equal = (key: string, value: Scalar): QdrantCondition =>
  typeof value === "number" ? { key, range: { gte: value, lte: value } } : { key, match: { value } }
