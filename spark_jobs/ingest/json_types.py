"""Finds values in JSON text that are not of the kind their source declares, before they become null unseen.

`from_json` gives null for a field of another kind (a text where a list belongs), and for every field when one
cannot be parsed. A transform therefore reads with `from_json` and refuses by `find_wrong_kind`, both from one
declared shape:

    .withColumn("_context", F.from_json(raw.context, CONTEXT))
    .withColumn("_wrong_kind", find_wrong_kind(raw.context, CONTEXT, "context"))
    …
    add_refusal_reasons(typed, ("wrong_kind", F.col("_wrong_kind"), F.col("_wrong_kind").isNotNull()), …)

A part of a document is checked alone with a shape that names no more than it: `find_wrong_kind(raw.context,
CONSENT, "context")`.
"""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, DataType, IntegralType, MapType, NumericType, StructType

from spark_jobs.ingest.parse_values import trim_to_null

NUMBER = "^(BIGINT|DOUBLE|FLOAT|DECIMAL)"


def find_wrong_kind(received: Column, shape: str, path: str) -> Column:
    """The path of the first value that is not of its declared kind, such as `context.device.type`; null when
    all are.

    What is absent or null is no fault, but inside a list. A text field takes numbers and booleans too, as
    their JSON text; an item of a list of texts is a text. Values of a `map<string,string>` may be anything:
    they are kept as their JSON text.

    Args:
        received: JSON text, as the reader leaves it.
        shape: a Spark DDL type, or fields of a struct, as `from_json` takes it.
        path: what the path begins with; never a value.
    """
    declared = DataType.fromDDL(shape)

    def judge(document: Column) -> Column:
        unreadable = F.when(trim_to_null(received).isNotNull() & document.isNull(), F.lit(path))
        return F.coalesce(unreadable, find_wrong_value(document, declared, path))

    # a list of one, so that it is parsed once
    return F.transform(F.array(F.try_parse_json(received)), judge)[0]


def find_wrong_value(value: Column, declared: DataType, path: str) -> Column:
    """As `find_wrong_kind`, of a parsed value."""
    kind = F.schema_of_variant(value)
    is_wrong, inner = ~is_of_type(value, kind, declared), []
    if isinstance(declared, StructType):
        inner = [
            find_wrong_value(
                F.try_variant_get(value, f"$.{field.name}", "variant"), field.dataType, f"{path}.{field.name}"
            )
            for field in declared
        ]
    if isinstance(declared, ArrayType):
        items = F.try_variant_get(value, "$", "array<variant>")
        wrong_paths = F.transform(
            items, lambda item: find_wrong_list_item(item, declared.elementType, f"{path}[]")
        )
        inner = [F.get(F.filter(wrong_paths, F.isnotnull), F.lit(0))]
    is_said = value.isNotNull() & (kind != "VOID")
    return F.when(is_said & is_wrong, F.lit(path)).otherwise(
        reduce(F.coalesce, inner) if inner else F.lit(None)
    )


def find_wrong_list_item(value: Column, declared: DataType, path: str) -> Column:
    """As `find_wrong_value`, of an item of a list: there null is a fault, and a text is a text."""
    kind = F.coalesce(F.schema_of_variant(value), F.lit("VOID"))
    is_text = declared.typeName() == "string"
    return F.when((kind != "STRING") if is_text else (kind == "VOID"), F.lit(path)).otherwise(
        find_wrong_value(value, declared, path)
    )


def is_of_type(value: Column, kind: Column, declared: DataType) -> Column:
    """Whether a value that is there is of the declared kind."""
    if isinstance(declared, StructType | MapType):
        return kind.startswith("OBJECT")
    if isinstance(declared, ArrayType):
        return kind.startswith("ARRAY")
    if isinstance(declared, NumericType):
        number = "^BIGINT$" if isinstance(declared, IntegralType) else NUMBER
        return kind.rlike(number) & F.try_variant_get(value, "$", declared.simpleString()).isNotNull()
    return ~(kind.startswith("OBJECT") | kind.startswith("ARRAY"))
