"""Which links may be followed. Joining two people is worse than leaving one person in two parts.

Hazards this guards against:

* A shared device: one browser's anonymous id, two logins. It is kept as evidence and followed to neither. Events of a login
  carry the user's id and stay with the user; what the device did without a login stays with an anonymous customer of its own.
* A household: one e-mail or phone in the records or orders of two people. It is followed to neither.
* A placeholder (`test@test.com`, a store's own phone): the same thing, with more people.

The rule: a person has at most one user id and one CRM number in a source. A browser, e-mail or phone that was seen with two
user ids, or two CRM numbers, of one source is shared, and no link to it is followed. Across sources a phone still counts as
shared (families give one number everywhere); an e-mail may join the records of two sources.

It is a pure function of the links, so late evidence that a device is shared splits what was joined through it.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.identifiers import LOCAL_KINDS

ACCOUNTS = ("user_id", "crm_id")  # what one person has one of, in a source
SHAREABLE = tuple(kind for kind in (*LOCAL_KINDS, "email", "phone") if kind not in ACCOUNTS)
FOLLOWED, EVIDENCE_ONLY = 1.0, 0.0


def shared(links: DataFrame, identifiers: DataFrame) -> DataFrame:
    """The browsers, e-mails and phones that belong to more than one person: `identifier_id`, unique."""
    ends = F.array(
        F.struct(F.col("identifier_id_a").alias("identifier_id"), F.col("identifier_id_b").alias("account_id")),
        F.struct(F.col("identifier_id_b").alias("identifier_id"), F.col("identifier_id_a").alias("account_id")),
    )
    kinds = identifiers.select("identifier_id", "kind", "source")
    things = kinds.where(F.col("kind").isin(*SHAREABLE)).select("identifier_id", "kind")
    accounts = kinds.where(F.col("kind").isin(*ACCOUNTS)).select(
        F.col("identifier_id").alias("account_id"), F.col("kind").alias("account_kind"), F.col("source").alias("account_source")
    )
    anywhere = F.col("kind") == "phone"
    return (
        links.select(F.explode(ends).alias("end")).select("end.*")
        .join(things, on="identifier_id", how="inner")
        .join(accounts, on="account_id", how="inner")
        .groupBy("identifier_id", "account_kind", F.when(~anywhere, F.col("account_source")).alias("within"))
        .agg(F.countDistinct("account_id").alias("n_accounts"))
        .where("n_accounts > 1")
        .select("identifier_id").distinct()
    )  # fmt: skip


def weigh(links: DataFrame, identifiers: DataFrame) -> DataFrame:
    """The links with `weight`: 1 when followed, 0 when kept as evidence only. Same rows, same grain."""
    columns = ("identifier_id_a", "identifier_id_b", "rule", "evidence", "weight", "first_seen_at")
    if links.isEmpty():  # a shop whose orders name only a customer number: nothing to guard
        return links.withColumn("weight", F.lit(FOLLOWED)).select(*columns)
    is_shared = shared(links, identifiers).select("identifier_id", F.lit(True).alias("is_shared"))
    a = is_shared.select(F.col("identifier_id").alias("identifier_id_a"), F.col("is_shared").alias("shared_a"))
    b = is_shared.select(F.col("identifier_id").alias("identifier_id_b"), F.col("is_shared").alias("shared_b"))
    return (
        links.join(a, on="identifier_id_a", how="left").join(b, on="identifier_id_b", how="left")
        .withColumn("weight", F.when(F.col("shared_a") | F.col("shared_b"), EVIDENCE_ONLY).otherwise(FOLLOWED))
        .select(*columns)
    )  # fmt: skip
