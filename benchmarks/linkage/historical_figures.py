"""The profile of the historical figures: 50,578 records of people with a title, a trade and a birthplace.

The data set is Splink's `historical_50k`: records of Wikidata's people of England, each written several times
with slips. No shop has such records, so what is compared here and nowhere else stands here.
"""

from spark_jobs.linkage.comparisons import COMPARISONS, Comparison, ComparisonLevel
from spark_jobs.linkage.profile import RecordProfile
from spark_jobs.linkage.shop_profile import RANKS, TITLES

BLOCKING = (
    ("rare_tokens",),
    ("postcode",),
    ("first", "last"),
    ("first1", "last"),
    ("first_keys", "last"),
    ("first_keys", "last4"),
    ("first_keys", "last_end"),
    ("first4", "last4"),
    ("last", "occupation"),
    ("last", "dob_year"),
    ("last", "dob_month_day"),
    ("last4", "dob_year"),
    ("last4", "dob_month_day"),
    ("name_key", "dob_year"),
    ("dob", "sector"),
    ("dob", "outcode"),
    ("dob", "area"),
    ("dob", "place"),
    ("dob", "last"),
    ("dob", "last4"),
    ("dob", "first"),
    ("dob", "first_keys"),
    ("dob", "first4"),
    ("dob", "tokens"),
    ("dob_year", "outcode"),
    ("dob_year", "place"),
    ("dob_year", "tokens", "occupation"),
    ("sector", "last"),
    ("sector", "first"),
    ("outcode", "last"),
    ("outcode", "last4"),
    ("outcode", "tokens"),
    ("outcode", "stems"),
    ("outcode", "first_keys"),
    ("outcode", "occupation"),
    ("area", "last"),
    ("area", "last4", "first1"),
    ("place", "last"),
    ("place", "last4"),
    ("place", "tokens"),
    ("place", "stems"),
    ("place", "first_keys"),
    ("place", "occupation"),
)
# Agreements under which EM estimates the comparisons that are not in them.
EM_BLOCKING = (("first", "last"), ("dob",), ("postcode",))
# Agreements of records that are almost always one person's: they give the prior.
CERTAIN_RULES = (("first", "last", "dob"), ("last", "dob", "postcode"), ("first", "last", "postcode"))
OCCUPATION = Comparison(
    "occupation",
    ("occupation",),
    "occupation_l is null or occupation_r is null",
    (ComparisonLevel("occupation_l = occupation_r", "same occupation", tf="occupation"),),
)
GENDER = Comparison(
    "gender",
    ("gender",),
    "gender_l is null or gender_r is null",
    (ComparisonLevel("gender_l = gender_r", "same gender"),),
)
OF_SHOPS_ALONE = ("email", "phone", "country")
HISTORICAL_FIGURES = RecordProfile(
    name="historical_figures",
    name_columns=("full_name",),
    fields={
        "birth_date": "dob",
        "postcode": "postcode_fake",
        "place": "birth_place",
        "gender": "gender",
        "occupation": "occupation",
    },
    comparisons=(
        *(comparison for comparison in COMPARISONS if comparison.name not in OF_SHOPS_ALONE),
        OCCUPATION,
        GENDER,
    ),
    blocking=BLOCKING,
    titles=TITLES,
    ranks=RANKS,
    extra_fields={
        "gender": {"gender": "case when gender in ('male', 'female', 'm', 'f') then left(gender, 1) end"},
        "occupation": {"occupation": "occupation"},
    },
)
