"""What is compared and what is worth comparing: declared once, over normalised columns, for every kind of
people record.

A profile says which source column fills which field. A comparison or blocking rule is used when all the
columns it needs are there, so historical figures and a shop's CRM share one set of rules. Levels are tried
from the top; each level's SQL sees `<column>_l` and `<column>_r`.
"""

from dataclasses import dataclass, field

from spark_jobs.linkage.blocking import FIGURES_BLOCKING, SHOP_BLOCKING


@dataclass(frozen=True)
class Level:
    """One degree of agreement. `tf` names the column whose frequency moves the weight (rarer value, stronger
    evidence).
    """

    sql: str
    label: str
    tf: str | None = None
    tf_weight: float = 1.0


@dataclass(frozen=True)
class Comparison:
    """One field's levels, best first. `null_sql` is where nothing can be said; what matches no level
    disagrees.
    """

    name: str
    needs: tuple[str, ...]
    null_sql: str
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class Profile:
    """Which source column fills which field, for one kind of people record.

    Fields: full_name, or first_name and last_name; birth_date, postcode, place, gender, occupation, email,
    phone, country. `blocking` are the rules that bring its candidate pairs.
    """

    name: str
    fields: dict[str, str]
    blocking: tuple[tuple[str, ...], ...]
    derived: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        fields = set(self.fields) | (
            {"place_postcode"} if {"place", "postcode"} <= set(self.fields) else set()
        )
        derived = {column for source, columns in DERIVED.items() if source in fields for column in columns}
        object.__setattr__(self, "derived", frozenset(derived))


NAME_COLUMNS = (
    "first",
    "last",
    "middle",
    "tokens",
    "first_keys",
    "first1",
    "first4",
    "last4",
    "last_end",
    "stems",
    "name_key",
    "rare_tokens",
    "ordinal",
    "rank",
)
DERIVED = {
    "full_name": NAME_COLUMNS,
    "last_name": NAME_COLUMNS,
    "birth_date": ("dob", "dob_year", "dob_month_day", "dob_year_month", "dob_year_day"),
    "postcode": ("postcode", "sector", "outcode", "area", "incode"),
    "place": ("place", "place_keys"),
    "place_postcode": ("place_outcodes", "place_areas"),
    "gender": ("gender",),
    "occupation": ("occupation",),
    "email": ("email", "email_user"),
    "phone": ("phone",),
    "country": ("country",),
}

HISTORICAL_FIGURES = Profile(
    "historical_figures",
    {
        "full_name": "full_name",
        "birth_date": "dob",
        "postcode": "postcode_fake",
        "place": "birth_place",
        "gender": "gender",
        "occupation": "occupation",
    },
    FIGURES_BLOCKING,
)
SHOP_PEOPLE = Profile(
    "shop_people",
    {
        "first_name": "first_name",
        "last_name": "last_name",
        "birth_date": "birth_date",
        "postcode": "postcode",
        "place": "city",
        "email": "email",
        "phone": "phone",
        "country": "country",
    },
    SHOP_BLOCKING,
)
PROFILES = {profile.name: profile for profile in (HISTORICAL_FIGURES, SHOP_PEOPLE)}


def _either_null(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


COMPARISONS = (
    Comparison(
        "last",
        ("last", "tokens"),
        _either_null("last"),
        (
            Level("last_l = last_r", "same last name", tf="last"),
            Level(
                "jaro_winkler_similarity(last_l, last_r) >= 0.92 or damerau_levenshtein(last_l, last_r) <= 1",
                "a slip",
            ),
            # Titles hide the family name ("osborne, duke of leeds"), so the last word of one may stand inside
            # the other.
            Level(
                "list_contains(tokens_l, last_r) or list_contains(tokens_r, last_l)", "inside the other name"
            ),
            Level("jaro_winkler_similarity(last_l, last_r) >= 0.82", "alike"),
        ),
    ),
    Comparison(
        "first",
        ("first", "first_keys", "tokens"),
        _either_null("first"),
        (
            Level("first_l = first_r", "same first name", tf="first"),
            Level("list_contains(first_keys_l, first_r)", "learned variant"),
            Level(
                "jaro_winkler_similarity(first_l, first_r) >= 0.9 or damerau_levenshtein(first_l, first_r)"
                " <= 1",
                "a slip",
            ),
            Level(
                "list_contains(tokens_l, first_r) or list_contains(tokens_r, first_l)",
                "inside the other name",
            ),
            Level("left(first_l, 1) = left(first_r, 1)", "same initial"),
        ),
    ),
    Comparison(
        "middle",
        ("middle",),
        _either_null("middle"),
        (
            Level("middle_l = middle_r", "same middle names", tf="middle"),
            Level("list_has_any(string_split(middle_l, ' '), string_split(middle_r, ' '))", "one in common"),
            Level("jaro_winkler_similarity(middle_l, middle_r) >= 0.85", "alike"),
            Level("left(middle_l, 1) = left(middle_r, 1)", "same initial"),
        ),
    ),
    Comparison(
        "ordinal", ("ordinal",), _either_null("ordinal"), (Level("ordinal_l = ordinal_r", "same ordinal"),)
    ),
    Comparison("rank", ("rank",), _either_null("rank"), (Level("rank_l = rank_r", "same rank"),)),
    Comparison(
        "dob",
        ("dob",),
        _either_null("dob"),
        (
            Level("dob_l = dob_r and right(dob_l, 5) <> '01-01'", "same day", tf="dob"),
            # 28 % of dates are 1 January: only the year was known, so agreement says the year and no more.
            Level("dob_l = dob_r", "same 1 January", tf="dob"),
            Level("damerau_levenshtein(dob_l, dob_r) <= 1", "one slip"),
            Level("left(dob_l, 4) = left(dob_r, 4)", "same year"),
            Level("damerau_levenshtein(dob_l, dob_r) <= 2", "two slips"),
        ),
    ),
    Comparison(
        "postcode",
        ("postcode", "sector", "outcode", "area"),
        _either_null("postcode"),
        (
            Level("postcode_l = postcode_r", "same postcode", tf="postcode"),
            Level("damerau_levenshtein(postcode_l, postcode_r) <= 1", "one slip"),
            Level("sector_l = sector_r", "same sector", tf="sector"),
            Level("outcode_l = outcode_r", "same outcode", tf="outcode"),
            Level("area_l = area_r", "same area", tf="area"),
        ),
    ),
    Comparison(
        "place",
        ("place", "place_keys"),
        _either_null("place"),
        (
            Level("place_l = place_r", "same place", tf="place"),
            Level("list_contains(place_keys_l, place_r)", "learned variant"),
            Level("jaro_winkler_similarity(place_l, place_r) >= 0.9", "a slip"),
        ),
    ),
    Comparison(
        "place_outcode",
        ("place_outcodes", "place_areas", "outcode"),
        # Speaks only where postcode and place cannot: one record has the place, the other the postcode.
        "(place_l is not null and place_r is not null) or (outcode_l is not null and outcode_r is not null)"
        " or (place_l is null and place_r is null) or (outcode_l is null and outcode_r is null)",
        (
            Level(
                "list_contains(place_outcodes_l, outcode_r) or list_contains(place_outcodes_r, outcode_l)",
                "seen together",
            ),
            Level(
                "list_contains(place_areas_l, area_r) or list_contains(place_areas_r, area_l)",
                "area seen together",
            ),
        ),
    ),
    Comparison(
        "occupation",
        ("occupation",),
        _either_null("occupation"),
        (Level("occupation_l = occupation_r", "same occupation", tf="occupation"),),
    ),
    Comparison("gender", ("gender",), _either_null("gender"), (Level("gender_l = gender_r", "same gender"),)),
    Comparison(
        "email",
        ("email", "email_user"),
        _either_null("email"),
        (
            Level("email_l = email_r", "same address", tf="email"),
            Level("email_user_l = email_user_r", "same mailbox, other host", tf="email_user"),
            Level("jaro_winkler_similarity(email_l, email_r) >= 0.92", "a slip"),
        ),
    ),
    Comparison(
        "phone",
        ("phone",),
        _either_null("phone"),
        (
            Level("phone_l = phone_r", "same number", tf="phone"),
            Level("damerau_levenshtein(phone_l, phone_r) <= 1", "one slip"),
        ),
    ),
    Comparison(
        "country",
        ("country",),
        _either_null("country"),
        (Level("country_l = country_r", "same", tf="country"),),
    ),
)


def comparisons_for(profile: Profile) -> list[Comparison]:
    """The comparisons whose columns the profile fills."""
    return [c for c in COMPARISONS if set(c.needs) <= profile.derived]


def rules_for(profile: Profile, rules: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """The rules whose columns the profile fills."""
    return [rule for rule in rules if set(rule) <= profile.derived]
