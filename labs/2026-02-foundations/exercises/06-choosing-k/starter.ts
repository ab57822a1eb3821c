export interface Clustering {
  k: number
  /** One a point, any whole numbers; equal numbers are one group. */
  labels: readonly number[]
}

export interface Choice {
  /** Of the clustering with the largest mean silhouette. */
  k: number
  /** Mean silhouette of each clustering, in the given order. */
  silhouettes: number[]
}

/**
 * Chooses among clusterings of the same points by their mean silhouette.
 * @param points coordinates, one list a point
 * @throws Error for a clustering with a single group
 */
export const chooseK = (
  points: readonly (readonly number[])[],
  clusterings: readonly Clustering[],
): Choice => {
  return { k: points.length, silhouettes: clusterings.map(() => 0) }
}
