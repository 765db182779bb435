"""Which links may be followed. Joining two people is worse than leaving one person in two parts.

Hazards this guards against:

* A shared device (a family's tablet, a store's kiosk): one browser, several people. It is kept as evidence and followed to
  nobody. Events of a login carry the user's id and stay with the user; what the device did without a login stays with an
  anonymous customer of its own.
* A household: one phone in two people's records, one e-mail used by two logins. It is followed to neither.
* A placeholder (`test@test.com`, the store's own phone): the same thing, with more people.

The rules, all pure functions of the links, so that late evidence of sharing splits what was joined through it:

* a person has one user id in a source: an e-mail or phone seen with two of them is shared;
* a phone in two CRM records is shared; an e-mail in two is one person's second card, in more than `MAX_CARDS` a placeholder;
* a browser is shared when it was seen with two holders: a user id, or an e-mail that no one user id stands for.

So in one source no customer ever holds two user ids.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

FOLLOWED, EVIDENCE_ONLY = 1.0, 0.0
MAX_CARDS = 3
COLUMNS = ("identifier_id_a", "identifier_id_b", "rule", "evidence", "weight", "first_seen_at")


def neighbours(links: DataFrame, identifiers: DataFrame) -> DataFrame:
    """Both directions of each linked pair: `identifier_id, kind, other_id, other_kind, other_source`."""
    a, b = F.col("identifier_id_a"), F.col("identifier_id_b")
    ends = F.array(*[F.struct(x.alias("identifier_id"), y.alias("other_id")) for x, y in ((a, b), (b, a))])
    kinds = identifiers.select("identifier_id", "kind")
    others = identifiers.select(
        F.col("identifier_id").alias("other_id"), F.col("kind").alias("other_kind"), F.col("source").alias("other_source")
    )
    return (
        links.select(F.explode(ends).alias("end")).select("end.*").distinct()
        .join(kinds, on="identifier_id", how="inner").join(others, on="other_id", how="inner")
    )  # fmt: skip


def contacts(near: DataFrame) -> DataFrame:
    """One row per e-mail or phone: `identifier_id, is_shared`, and `user_id`, the one user id it stands for, or null."""
    user, card = F.col("other_kind") == "user_id", F.col("other_kind") == "crm_id"
    n_users, n_cards = F.count_if(user), F.count_if(card)  # within a source; `neighbours` holds each pair once
    a_source = near.where(F.col("kind").isin("email", "phone")).groupBy("identifier_id", "kind", "other_source").agg(
        n_users.alias("n_users"), n_cards.alias("n_cards"), F.min(F.when(user, F.col("other_id"))).alias("user_id")
    )  # fmt: skip
    most_cards = F.when(F.col("kind") == "phone", 1).otherwise(MAX_CARDS)
    return (
        a_source.groupBy("identifier_id", "kind")
        .agg(
            F.max("n_users").alias("most_users"), F.sum("n_users").alias("n_users"), F.sum("n_cards").alias("n_cards"),
            F.min("user_id").alias("user_id"),
        )
        .select(
            "identifier_id", ((F.col("most_users") > 1) | (F.col("n_cards") > most_cards)).alias("is_shared"),
            F.when(F.col("n_users") == 1, F.col("user_id")).alias("user_id"),
        )
    )  # fmt: skip


def browsers(near: DataFrame, known: DataFrame) -> DataFrame:
    """One row per browser: `identifier_id, is_shared`.

    Args:
        near: as `neighbours` gives it.
        known: as `contacts` gives it.
    """
    stands_for = known.select(F.col("identifier_id").alias("other_id"), "user_id")
    holder = F.coalesce("user_id", "other_id")
    return (
        near.where(F.col("kind") == "anonymous_id").join(stands_for, on="other_id", how="left")
        .groupBy("identifier_id").agg((F.countDistinct(holder) > 1).alias("is_shared"))
    )  # fmt: skip


def shared(links: DataFrame, identifiers: DataFrame) -> DataFrame:
    """The identifiers that belong to more than one person: `identifier_id`, unique."""
    near = neighbours(links, identifiers).persist()
    known = contacts(near)
    return browsers(near, known).unionByName(known.drop("user_id")).where("is_shared").select("identifier_id")


def weigh(links: DataFrame, identifiers: DataFrame) -> DataFrame:
    """The links with `weight`: 1 when followed, 0 when kept as evidence only. Same rows, same grain.

    Args:
        links: as `links.links` gives them.
        identifiers: `core_identifiers`, every end of a link among them.
    """
    if links.isEmpty():  # a shop whose orders name only a customer number: nothing to guard
        return links.withColumn("weight", F.lit(FOLLOWED)).select(*COLUMNS)
    is_shared = shared(links, identifiers).select("identifier_id", F.lit(True).alias("is_shared"))
    a = is_shared.select(F.col("identifier_id").alias("identifier_id_a"), F.col("is_shared").alias("shared_a"))
    b = is_shared.select(F.col("identifier_id").alias("identifier_id_b"), F.col("is_shared").alias("shared_b"))
    return (
        links.join(a, on="identifier_id_a", how="left").join(b, on="identifier_id_b", how="left")
        .withColumn("weight", F.when(F.col("shared_a") | F.col("shared_b"), EVIDENCE_ONLY).otherwise(FOLLOWED))
        .select(*COLUMNS)
    )  # fmt: skip
