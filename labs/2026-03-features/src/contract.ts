/**
 * What the features are made of: one row a flight, with the moment in which each of its facts could be known.
 *
 * The source tells times by each airport's own clock, so they are first brought to UTC: by its clocks a flight from
 * Los Angeles at 10:00 would be in Atlanta at 14:30, three hours before it is, and a model would learn from the future.
 */
export const factsTable = "gold.flight_facts"

/**
 * When a flight's outcome is known: when it has arrived. The source has no arrival time, so: departure, half an hour on the
 * ground, the distance at 450 miles an hour (8 seconds a mile), and the delay; at least a minute, for the few that such a
 * reckoning lets arrive before they leave.
 */
// #region known
export const knownAt =
  "departed_at + to_seconds(greatest(60, 30 * 60 + 8 * distance + 60 * CAST(delay AS BIGINT)))"
// #endregion

/** That it left is known a minute after it left: so a flight is never counted among those it finds at its own departure. */
export const departureKnownAt = "departed_at + INTERVAL 1 MINUTE"

/**
 * When the row was written. The pipeline this stands for writes a fact as soon as it is known; a backfill would carry the
 * moment of its own writing, and so stay out of every training set that was made before.
 */
export const createdAt = "known_at"

/** Training sets hold what was written by this moment: the last flights of June have arrived long before. */
export const asOf = new Date("2001-07-10T00:00:00Z")
