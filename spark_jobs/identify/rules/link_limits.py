"""Which links may be followed, by the identity rules. Joining two people is worse than leaving one person in
two parts.

Hazards this guards against:

* A blocked value (`null`, zeros, `test@…`): it is nobody's identifier, whatever stood beside it.
* A shared device (a family's tablet, a store's kiosk): one browser, several people. Its links are
  stored and not followed. Events of a login carry the user's id and stay with the user; what the device did
  without a login stays with an anonymous customer of its own.
* A household: one phone in two people's records, one e-mail used by two logins. It is followed to neither.
* A link that somebody refused.

All are pure functions of the links, so that late evidence of sharing splits what was joined through it. What
a customer may hold as a whole is `clustering.py`'s subject.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.identity_rules import BlockedValues, IdentityRules, SharedIdentifier
from spark_jobs.identify.graph.links import ALIKE_RULE, DECISION_RULE

REFUSED = "decision/refuse"
ENDS = ("identifier_id_a", "identifier_id_b")


def select_first_rule(rules: tuple, section: str, is_so) -> Column:
    """`<section>/<id>` of the first rule for which the condition `is_so(rule)` holds; null when none does."""
    return F.coalesce(
        F.lit(None).cast("string"), *(F.when(is_so(rule), F.lit(f"{section}/{rule.id}")) for rule in rules)
    )


def find_blocked_identifiers(identifiers: DataFrame, rules: tuple[BlockedValues, ...]) -> DataFrame:
    """`identifier_id, held_by`: identifiers whose value a rule blocks, with the first such rule."""

    def is_so(rule: BlockedValues) -> Column:
        return F.col("kind").isin(*rule.kinds) & F.col("value_normalised").rlike(f"^(?:{rule.pattern})$")

    return identifiers.select(
        "identifier_id", select_first_rule(rules, "blocked", is_so).alias("held_by")
    ).where("held_by is not null")


def list_neighbours(links: DataFrame, identifiers: DataFrame, record_clusters: DataFrame) -> DataFrame:
    """Both directions of each linked pair: `identifier_id, kind, other_id, other_kind, other_source,
    record_cluster`.

    `record_cluster` is the person whose record the other end is: the cluster that likeness put it in, or
    itself.
    """
    a, b = map(F.col, ENDS)
    ends = F.array(*[F.struct(x.alias("identifier_id"), y.alias("other_id")) for x, y in ((a, b), (b, a))])
    kinds = identifiers.select("identifier_id", "kind")
    others = identifiers.select(
        F.col("identifier_id").alias("other_id"),
        F.col("kind").alias("other_kind"),
        F.col("source").alias("other_source"),
    )
    return (
        links.select(F.explode(ends).alias("end"))
        .select("end.*")
        .distinct()
        .join(kinds, on="identifier_id", how="inner")
        .join(others, on="other_id", how="inner")
        .join(
            record_clusters.select(F.col("identifier_id").alias("other_id"), "record_cluster"),
            on="other_id",
            how="left",
        )
        .withColumn("record_cluster", F.coalesce("record_cluster", "other_id"))
    )


def count_neighbours(near: DataFrame) -> DataFrame:
    """One row per identifier: `identifier_id, kind`, how many of each sort stand beside it, and `only_user`.

    `user_id` is the largest number of user ids of one source; `person_record` the number of people with a
    record; `only_user` the user id it stands for when there is exactly one.
    """
    is_user, is_crm_id = F.col("other_kind") == "user_id", F.col("other_kind") == "crm_id"
    a_source = near.groupBy("identifier_id", "kind", "other_source").agg(
        F.count_if(is_user).alias("n_users"),
        F.min(F.when(is_user, F.col("other_id"))).alias("a_user"),
        F.collect_set(F.when(is_crm_id, F.col("record_cluster"))).alias("record_clusters"),
    )
    return a_source.groupBy("identifier_id", "kind").agg(
        F.max("n_users").alias("user_id"),
        F.size(F.array_distinct(F.flatten(F.collect_list("record_clusters")))).alias("person_record"),
        F.when(F.sum("n_users") == 1, F.min("a_user")).alias("only_user"),
    )


def count_holders(near: DataFrame, counts: DataFrame) -> DataFrame:
    """`identifier_id, holder`: how many people were seen beside it: user ids, and contacts that no single
    user id stands for.
    """
    stands_for = counts.where(F.col("kind").isin("email", "phone")).select(
        F.col("identifier_id").alias("other_id"), "only_user"
    )
    return (
        near.where(F.col("other_kind").isin("user_id", "email", "phone"))
        .join(stands_for, on="other_id", how="left")
        .groupBy("identifier_id")
        .agg(F.countDistinct(F.coalesce("only_user", "other_id")).alias("holder"))
    )


def find_shared_identifiers(near: DataFrame, rules: tuple[SharedIdentifier, ...]) -> DataFrame:
    """`identifier_id, held_by`: identifiers that several people use, with the first rule that shows it."""

    def is_so(rule: SharedIdentifier) -> Column:
        return F.col("kind").isin(*rule.kinds) & (F.col(rule.of) > rule.at_most)

    counts = count_neighbours(near).localCheckpoint()
    all_counts = counts.join(count_holders(near, counts), on="identifier_id", how="left")
    return all_counts.select(
        "identifier_id", select_first_rule(rules, "shared", is_so).alias("held_by")
    ).where("held_by is not null")


def mark_held_links(
    links: DataFrame,
    identifiers: DataFrame,
    blocked: DataFrame,
    record_clusters: DataFrame,
    refused: DataFrame,
    rules: IdentityRules,
) -> DataFrame:
    """The links with `held_by`, null for those that may be followed. Same rows, same grain.

    A decision holds whether an identifier is shared or not. Neither decisions nor likeness show that one is,
    and a link that was refused no longer does: whose e-mail was typed on another's card has it
    back.

    Args:
        links: as `links.link_seen_identifiers` gives them, and those of likeness and decisions.
        identifiers: `core_identifiers`, every end of a link among them.
        blocked: as `find_blocked_identifiers` gives it.
        record_clusters: `identifier_id, record_cluster`: CRM numbers of records that are one person's by
            likeness; may be empty.
        refused: `identifier_id_a, identifier_id_b`, a < b: links that somebody refused.
        rules: the rules file.
    """
    refusals = refused.select(*ENDS, F.lit(REFUSED).alias("refused"))
    by_end = _at_both_ends(links, blocked, "blocked").join(refusals, on=list(ENDS), how="left")
    open_ = by_end.where(
        F.coalesce("blocked", "refused").isNull() & ~F.col("rule").isin(ALIKE_RULE, DECISION_RULE)
    )
    several = find_shared_identifiers(
        list_neighbours(open_, identifiers, record_clusters).persist(), rules.shared
    )
    return (
        _at_both_ends(by_end, several, "shared")
        .withColumn("shared", F.when(F.col("rule") != DECISION_RULE, F.col("shared")))
        .withColumn("held_by", F.coalesce("blocked", "refused", "shared"))
        .select(*links.columns, "held_by")
    )


def _at_both_ends(links: DataFrame, held_ends: DataFrame, name: str) -> DataFrame:
    """The links with a column of this name: what holds the first end, else what holds the second,
    else null.
    """
    for number, end in enumerate(ENDS):
        links = links.join(
            held_ends.select(F.col("identifier_id").alias(end), F.col("held_by").alias(f"_{number}")),
            on=end,
            how="left",
        )
    return links.withColumn(name, F.coalesce("_0", "_1")).drop("_0", "_1")
