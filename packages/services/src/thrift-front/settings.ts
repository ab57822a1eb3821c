/** Spark settings that make its SQL that of a warehouse: Delta tables by default, ANSI rules, UTC. */
export const warehouseSettings: Readonly<Record<string, string>> = {
  "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
  "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
  "spark.sql.sources.default": "delta",
  "spark.sql.ansi.enabled": "true",
  "spark.sql.session.timeZone": "UTC",
  // Delta 4.4's parser hands no parameters on; with this Spark binds them after parsing, as it did before 4.1.
  "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
  // Small tables on two cores: Delta would split its own log over 50 tasks.
  "spark.databricks.delta.snapshotPartitions": "1",
  "spark.sql.shuffle.partitions": "2",
}
