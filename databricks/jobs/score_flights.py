"""Scores rows with a registered model on Spark, as a job on Databricks or on any Spark with MLflow.

usage: score_flights.py --model models:/flight-late@champion --source gold.flights --target gold.flight_scores
                        [--keep flight_id day]

The model is the ONNX file that the registry keeps beside this project's own format; mlflow.pyfunc.spark_udf runs it on the
workers. Such a file takes a category as its code, so texts are coded here, by the categories that the file itself
carries. Numbers agree with the batch scorer of @roadmap/serving to a relative 1e-9; a test holds both to it.

--source and --target are tables, or folders of Parquet when they hold a "/". The target is replaced. The columns of
--keep stand beside the model's outputs (default: all that are no inputs). A missing number or category (null) is scored
as missing. No row is rejected here: one that the model refuses gets NaN, or the label -1.
"""

import argparse
import json
from itertools import chain
from pathlib import Path

import mlflow
import onnx
from mlflow.models import Model
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F


def model_folder(uri: str) -> Path:
    """The model directory, fetched once on the driver. A URI with an alias is one version from here on."""
    return Path(uri) if Path(uri).is_dir() else Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))


def categories_of(folder: Path) -> dict[str, list[str]]:
    """Input to its categories in the order of their codes, from what the ONNX file says of itself."""
    data = Model.load(str(folder)).flavors["onnx"]["data"]
    notes = {entry.key: entry.value for entry in onnx.load(str(folder / data)).metadata_props}.get("roadmap")
    if notes is None:
        return {}
    return {
        feature["name"]: feature["categories"]
        for feature in json.loads(notes)["features"]
        if feature["kind"] == "categorical"
    }


def coded(name: str, categories: list[str]) -> Column:
    """A text as its code: null stays null, a text the model has not seen is the first number that is no code."""
    if not categories:
        return F.when(F.col(name).isNotNull(), F.lit(0.0))
    codes = F.create_map(*chain.from_iterable((F.lit(text), F.lit(float(code))) for code, text in enumerate(categories)))
    known = F.try_element_at(codes, F.col(name))
    return F.when(F.col(name).isNotNull(), F.coalesce(known, F.lit(float(len(categories)))))


def score(spark: SparkSession, rows: DataFrame, uri: str, keep: list[str] | None) -> DataFrame:
    """The kept columns and one column for each output of the model."""
    folder = model_folder(uri)
    signature = Model.load(str(folder)).signature
    inputs, outputs = signature.inputs.input_names(), signature.outputs.input_names()
    missing = [name for name in inputs if name not in rows.columns]
    if missing:
        raise SystemExit(f"The source has no column {', '.join(missing)}, which {uri} takes.")
    kept = [name for name in rows.columns if name not in inputs] if keep is None else keep
    clash = sorted(set(kept) & set(outputs))
    if clash:
        raise SystemExit(f"Kept columns have the names of outputs of {uri}: {', '.join(clash)}.")
    categories = categories_of(folder)
    texts = {field.name for field in rows.schema.fields if field.dataType.simpleString() == "string"}
    taken = [
        (coded(name, categories[name]) if name in categories and name in texts else F.col(name).cast("double")).alias(name)
        for name in inputs
    ]
    predict = mlflow.pyfunc.spark_udf(spark, str(folder), env_manager="local")
    scored = rows.select(*kept, F.struct(*taken).alias("taken")).withColumn("scores", predict("taken"))
    if len(outputs) == 1:
        return scored.select(*kept, F.col("scores").alias(outputs[0]))
    return scored.select(*kept, *(F.col(f"scores.{name}") for name in outputs))


def main() -> None:
    parser = argparse.ArgumentParser(description="Scores rows with a registered model on Spark.")
    parser.add_argument("--model", required=True, help="models:/name@alias, models:/name/version, or a folder")
    parser.add_argument("--source", required=True, help="table, or folder of Parquet")
    parser.add_argument("--target", required=True, help="table, or folder of Parquet; replaced")
    parser.add_argument("--keep", nargs="*", help="columns beside the scores")
    arguments = parser.parse_args()
    spark = SparkSession.builder.getOrCreate()
    source = arguments.source
    rows = spark.read.parquet(source) if "/" in source else spark.table(source)
    writer = score(spark, rows, arguments.model, arguments.keep).write.mode("overwrite")
    if "/" in arguments.target:
        writer.parquet(arguments.target)
    else:
        writer.saveAsTable(arguments.target)


if __name__ == "__main__":
    main()
