"""Consents in records and events → `core_consents`, by the rule of `expectations.contracts.consent`.

A consent counts wherever it stands: in a record that is refused for another field, each no whose identifier
can be read still counts. Its time is the record's. Where that is implausible, a no counts from the end of the
landing day, so that a clock set to 2099 does not win for ever, and a yes does not count.
"""

from collections.abc import Mapping
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.consent import NO, YES
from expectations.contracts.lake import CORE_CONSENTS
from spark_jobs.ingest.parse_values import is_implausible_time, shop_date, trim_white_space
from spark_jobs.sources.declaration import DerivedTable

# Of a day's consents of one key the newest is stored; of equals the one received first. So any order of runs
# gives the same rows.
IS_NEWER_CONSENT = "(new.consented_at, old.first_received) > (old.consented_at, new.first_received)"
# Stands for the consents of a place that must hold an object and does not; it is not a yes.
NOT_AN_OBJECT = "not an object"


def is_granted(received: Column) -> Column:
    """`parse_consent(…).is_granted` of a column of texts in their normal form; null for an empty text."""
    text = F.lower(trim_white_space(received))
    return F.when(text != "", text.isin(*YES))


def is_unreadable(received: Column) -> Column:
    """Whether a text is neither empty nor in `parse_consent`'s lists; never null."""
    text = F.coalesce(F.lower(trim_white_space(received)), F.lit(""))
    return ~text.isin("", *YES, *NO)


def parse_consents(
    received: Mapping[str, Column], at: Column, landing_date: Column, time_zone: str
) -> Column:
    """The consents of a record: array of `purpose, is_granted, consented_at, consented_date`.

    Args:
        received: text by purpose.
        at: the record's time, UTC; null or implausible where it cannot be read.
        time_zone: the shop's, for its days.
    """
    landed_by = F.to_utc_timestamp(F.date_add(landing_date, 1).cast("timestamp"), time_zone)
    is_plausible = F.coalesce(~is_implausible_time(at, landing_date, time_zone), F.lit(False))
    consents = []
    for purpose, text in received.items():
        granted = is_granted(text)
        since = F.when(is_plausible, at).when(~granted, landed_by)
        fields = {"purpose": F.lit(purpose), "is_granted": granted, "consented_at": since}
        consents.append(F.struct(*[value.alias(name) for name, value in fields.items()]))
    counted = F.filter(
        F.array(*consents), lambda each: each.is_granted.isNotNull() & each.consented_at.isNotNull()
    )
    return F.transform(
        counted, lambda each: each.withField("consented_date", shop_date(each.consented_at, time_zone))
    )


def describe_unreadable_consents(received: Mapping[str, Column]) -> Column:
    """The purposes whose consents cannot be read, as text for `quarantine.detail`; null when all can."""
    each = [F.when(is_unreadable(text), F.lit(purpose)) for purpose, text in received.items()]
    purposes = F.concat_ws(", ", *each)
    return F.when(purposes != "", F.concat(F.lit("consent, taken as a no: "), purposes))


def read_event_preferences(event_context: Column, purposes: tuple[str, ...]) -> dict[str, Column]:
    """By purpose the text in `consent.categoryPreferences` of an event's context (JSON); null for none."""
    document = F.try_parse_json(event_context)
    parents = [
        F.try_variant_get(document, path, "variant")
        for path in ("$.consent", "$.consent.categoryPreferences")
    ]
    is_misplaced = reduce(lambda one, other: one | other, (is_not_object(parent) for parent in parents))
    categories = F.from_json(
        F.get_json_object(event_context, "$.consent.categoryPreferences"), "map<string,string>"
    )
    return {
        purpose: F.when(is_misplaced, NOT_AN_OBJECT).otherwise(find_preference(categories, purpose))
        for purpose in purposes
    }


def find_preference(categories: Column, purpose: str) -> Column:
    """The text under a purpose's name in any letter case: where several stand there, one that is no yes."""
    texts = F.map_values(
        F.map_filter(
            categories, lambda name, text: (F.lower(name) == purpose) & (trim_white_space(text) != "")
        )
    )
    return F.coalesce(
        F.get(F.filter(texts, lambda text: ~is_granted(text)), F.lit(0)), F.get(texts, F.lit(0))
    )


def is_not_object(value: Column) -> Column:
    """Whether a variant holds something that is no object; an empty list is what PHP writes for an empty
    object.
    """
    kind = F.coalesce(F.schema_of_variant(value), F.lit("VOID"))
    is_empty = trim_white_space(F.coalesce(F.to_json(value), F.lit(""))).isin("", '""', "[]")
    return ~kind.startswith("OBJECT") & (kind != "VOID") & ~is_empty


def derive_consents(
    records: DataFrame, _held: DataFrame | None, entity: str, identifier_columns: tuple[str, ...]
) -> DataFrame:
    """Grain: the key of `core_consents`.

    Args:
        records: typed records, refused ones too, with `_consents` as `parse_consents` gives them.
        identifier_columns: the columns of a record's identifiers; a consent counts for each of them.
    """
    each = (
        records.select(
            F.explode(F.array(*identifier_columns)).alias("identifier_id"),
            "source",
            "first_received",
            "reason",
            "_consents",
        )
        .select("*", F.explode("_consents").alias("consent"))
        .where("identifier_id is not null and (reason is null or not consent.is_granted)")
    )
    first = F.struct(
        (-F.unix_micros("consent.consented_at")).alias("age"), "first_received", "consent.consented_at"
    )
    return (
        each.groupBy(
            "identifier_id", "consent.purpose", "source", "consent.is_granted", "consent.consented_date"
        )
        .agg(F.min(first).alias("newest"))
        .withColumn("feed", F.lit(entity))
        .select("newest.*", "*")
        .select(*CORE_CONSENTS.columns)
    )


def declare_consents(entity: str, *identifier_columns: str) -> DerivedTable:
    """The derived table `core_consents` of a feed whose records hold consents."""
    derive = partial(derive_consents, entity=entity, identifier_columns=identifier_columns)
    return DerivedTable(
        CORE_CONSENTS, entity, derive, update_condition=IS_NEWER_CONSENT, includes_refused=True
    )
