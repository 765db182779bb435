"""Identifiers of persons and browsers in Spark: the same hashes as in `expectations.contracts.identifiers`.

Ingest writes `core_identifiers`, because only here are the values at hand: behind it stand ids alone.
"""

import hashlib

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.identifiers import ID_HEX_DIGITS, KINDS, SHARED_KINDS
from spark_jobs.ingest.parse_values import trim_to_null
from spark_jobs.sources.declaration import IdentifierColumn, SourceContext

SHA256_BLOCK_BYTES = 64  # bytes of a SHA-256 block, RFC 2104


def make_hmac_pads(key: str) -> tuple[bytes, bytes]:
    """The inner and outer pads of HMAC: the key mixed with its two constants."""
    secret = key.encode()
    block = (hashlib.sha256(secret).digest() if len(secret) > SHA256_BLOCK_BYTES else secret).ljust(
        SHA256_BLOCK_BYTES, b"\0"
    )
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)


def hash_identifier_column(
    context: SourceContext, kind: str, value: Column, id_source: Column | None = None
) -> Column:
    """The `identifier_id` of a value: its keyed hash; null for a value that is null or empty.

    Args:
        id_source: the source that issued it; None for that of the context.
        value: in its normal form, as a transform sees the ids that its feed declares and `normalise_phone`
            gives a phone.

    Raises:
        ValueError: an unknown kind.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind of identifier {kind!r}; known: {', '.join(KINDS)}")
    issuer = F.lit(context.source) if id_source is None else id_source
    prefix = F.concat(F.lit(f"{kind}|"), F.lit("") if kind in SHARED_KINDS else issuer, F.lit("|"))
    inner, outer = (F.lit(pad) for pad in make_hmac_pads(context.identity_key))
    message = F.encode(F.concat(prefix, trim_to_null(value)), "UTF-8")
    digest = F.sha2(F.concat(outer, F.unhex(F.sha2(F.concat(inner, message), 256))), 256)
    return F.concat(F.lit("i_"), F.substring(digest, 1, ID_HEX_DIGITS))


def list_seen_identifiers(
    typed: DataFrame, identifier_columns: tuple[IdentifierColumn, ...], context: SourceContext
) -> DataFrame:
    """Grain: one row per identifier, first seen, in the columns of `core_identifiers`.

    Args:
        typed: where its records may use ids of several sources, `id_source` says whose.
    """
    id_source = F.col("id_source") if "id_source" in typed.columns else F.lit(context.source)
    each = [
        F.struct(
            F.lit(kind).alias("kind"),
            (F.lit(None) if kind in SHARED_KINDS else id_source).cast("string").alias("source"),
            F.col(column).alias("value"),
            trim_to_null(F.col(column)).alias("value_normalised"),
            F.col(at).alias("first_seen_at"),
        )
        for kind, column, at in identifier_columns
    ]
    flat = (
        typed.select(F.explode(F.array(*each)).alias("s")).select("s.*").where("value_normalised is not null")
    )
    first = flat.groupBy("kind", "source", "value_normalised").agg(
        F.min(F.struct("first_seen_at", "value")).alias("first")
    )
    id_ = F.lit(None).cast("string")
    for kind, _, _ in identifier_columns:
        id_ = F.when(
            F.col("kind") == kind,
            hash_identifier_column(context, kind, F.col("value_normalised"), F.col("source")),
        ).otherwise(id_)
    return first.select(
        id_.alias("identifier_id"),
        "kind",
        "source",
        F.col("first.value").alias("value"),
        "value_normalised",
        F.col("first.first_seen_at").alias("first_seen_at"),
    )
