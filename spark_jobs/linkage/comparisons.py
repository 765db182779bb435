"""The fields of two person records that are compared, each in levels from equal to different.

Levels are tried from the top; each level's SQL sees `<column>_l` and `<column>_r`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ComparisonLevel:
    """One degree of agreement.

    Attributes:
        tf: the column whose term frequency moves the weight: the rarer the value, the more an agreement says.
    """

    sql: str
    label: str
    tf: str | None = None
    tf_weight: float = 1.0


@dataclass(frozen=True)
class Comparison:
    """One field's levels, best first; a pair that reaches none of them disagrees.

    Attributes:
        needs: the columns that its SQL reads.
        null_sql: the condition under which the comparison says nothing.
    """

    name: str
    needs: tuple[str, ...]
    null_sql: str
    levels: tuple[ComparisonLevel, ...]


def _either_null(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


COMPARISONS = (
    Comparison(
        "last",
        ("last", "tokens"),
        _either_null("last"),
        (
            ComparisonLevel("last_l = last_r", "same last name", tf="last"),
            ComparisonLevel(
                "jaro_winkler_similarity(last_l, last_r) >= 0.92 or damerau_levenshtein(last_l, last_r) <= 1",
                "a slip",
            ),
            # Titles hide the family name ("osborne, duke of leeds"), so the last word of one may stand inside
            # the other.
            ComparisonLevel(
                "list_contains(tokens_l, last_r) or list_contains(tokens_r, last_l)", "inside the other name"
            ),
            ComparisonLevel("jaro_winkler_similarity(last_l, last_r) >= 0.82", "alike"),
        ),
    ),
    Comparison(
        "first",
        ("first", "first_keys", "tokens"),
        _either_null("first"),
        (
            ComparisonLevel("first_l = first_r", "same first name", tf="first"),
            ComparisonLevel("list_contains(first_keys_l, first_r)", "learned variant"),
            ComparisonLevel(
                "jaro_winkler_similarity(first_l, first_r) >= 0.9 or damerau_levenshtein(first_l, first_r)"
                " <= 1",
                "a slip",
            ),
            ComparisonLevel(
                "list_contains(tokens_l, first_r) or list_contains(tokens_r, first_l)",
                "inside the other name",
            ),
            ComparisonLevel("left(first_l, 1) = left(first_r, 1)", "same initial"),
        ),
    ),
    Comparison(
        "middle",
        ("middle",),
        _either_null("middle"),
        (
            ComparisonLevel("middle_l = middle_r", "same middle names", tf="middle"),
            ComparisonLevel(
                "list_has_any(string_split(middle_l, ' '), string_split(middle_r, ' '))", "one in common"
            ),
            ComparisonLevel("jaro_winkler_similarity(middle_l, middle_r) >= 0.85", "alike"),
            ComparisonLevel("left(middle_l, 1) = left(middle_r, 1)", "same initial"),
        ),
    ),
    # In the shipped model `ordinal` and `rank` weigh 0 bits; its boosted features are counted with them.
    Comparison(
        "ordinal",
        ("ordinal",),
        _either_null("ordinal"),
        (ComparisonLevel("ordinal_l = ordinal_r", "same ordinal"),),
    ),
    Comparison("rank", ("rank",), _either_null("rank"), (ComparisonLevel("rank_l = rank_r", "same rank"),)),
    Comparison(
        "dob",
        ("dob",),
        _either_null("dob"),
        (
            ComparisonLevel("dob_l = dob_r and right(dob_l, 5) <> '01-01'", "same day", tf="dob"),
            # 28 % of dates are 1 January: only the year was known, so agreement says the year and no more.
            ComparisonLevel("dob_l = dob_r", "same 1 January", tf="dob"),
            ComparisonLevel("damerau_levenshtein(dob_l, dob_r) <= 1", "one slip"),
            ComparisonLevel("left(dob_l, 4) = left(dob_r, 4)", "same year"),
            ComparisonLevel("damerau_levenshtein(dob_l, dob_r) <= 2", "two slips"),
        ),
    ),
    Comparison(
        "postcode",
        ("postcode", "sector", "outcode", "area"),
        _either_null("postcode"),
        (
            ComparisonLevel("postcode_l = postcode_r", "same postcode", tf="postcode"),
            ComparisonLevel("damerau_levenshtein(postcode_l, postcode_r) <= 1", "one slip"),
            ComparisonLevel("sector_l = sector_r", "same sector", tf="sector"),
            ComparisonLevel("outcode_l = outcode_r", "same outcode", tf="outcode"),
            ComparisonLevel("area_l = area_r", "same area", tf="area"),
        ),
    ),
    Comparison(
        "place",
        ("place", "place_keys"),
        _either_null("place"),
        (
            ComparisonLevel("place_l = place_r", "same place", tf="place"),
            ComparisonLevel("list_contains(place_keys_l, place_r)", "learned variant"),
            ComparisonLevel("jaro_winkler_similarity(place_l, place_r) >= 0.9", "a slip"),
        ),
    ),
    Comparison(
        "place_outcode",
        ("place_outcodes", "place_areas", "outcode"),
        # Speaks only where postcode and place cannot: one record has the place, the other the postcode.
        "(place_l is not null and place_r is not null) or (outcode_l is not null and outcode_r is not null)"
        " or (place_l is null and place_r is null) or (outcode_l is null and outcode_r is null)",
        (
            ComparisonLevel(
                "list_contains(place_outcodes_l, outcode_r) or list_contains(place_outcodes_r, outcode_l)",
                "seen together",
            ),
            ComparisonLevel(
                "list_contains(place_areas_l, area_r) or list_contains(place_areas_r, area_l)",
                "area seen together",
            ),
        ),
    ),
    Comparison(
        "email",
        ("email", "email_user"),
        _either_null("email"),
        (
            ComparisonLevel("email_l = email_r", "same address", tf="email"),
            ComparisonLevel("email_user_l = email_user_r", "same mailbox, other host", tf="email_user"),
            ComparisonLevel("jaro_winkler_similarity(email_l, email_r) >= 0.92", "a slip"),
        ),
    ),
    Comparison(
        "phone",
        ("phone",),
        _either_null("phone"),
        (
            ComparisonLevel("phone_l = phone_r", "same number", tf="phone"),
            ComparisonLevel("damerau_levenshtein(phone_l, phone_r) <= 1", "one slip"),
        ),
    ),
    Comparison(
        "country",
        ("country",),
        _either_null("country"),
        (ComparisonLevel("country_l = country_r", "same", tf="country"),),
    ),
)
