/**
 * Freezes a tree of plain objects and arrays in place and returns it. Typed arrays stay writable, since
 * JavaScript cannot freeze them: by convention nothing writes to a model's numbers.
 */
export const frozen = <T>(tree: T): Readonly<T> => {
  if (tree !== null && typeof tree === "object" && !ArrayBuffer.isView(tree) && !Object.isFrozen(tree)) {
    Object.freeze(tree)
    for (const value of Object.values(tree)) frozen(value)
  }
  return tree
}
