"""Profiles: for one kind of person record, which column fills which field and what is compared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from spark_jobs.linkage.comparisons import Comparison

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
# Field → the columns that normalisation and learned variants derive from it.
DERIVED_COLUMNS = {
    "birth_date": ("dob", "dob_year", "dob_month_day", "dob_year_month", "dob_year_day"),
    "postcode": ("postcode", "sector", "outcode", "area", "incode"),
    "place": ("place", "place_keys"),
    "email": ("email", "email_user"),
    "phone": ("phone",),
    "country": ("country",),
}
PLACE_POSTCODE_COLUMNS = ("place_outcodes", "place_areas")  # of records with a place and a postcode
BlockingRule = tuple[str, ...]


@dataclass(frozen=True)
class RecordProfile:
    """What is known of one kind of person record.

    Attributes:
        name: stands in a model made for it.
        name_columns: source columns that, one after another, are a person's full name.
        fields: field (`birth_date postcode place email phone country`, or one of `extra_fields`) → source
            column.
        comparisons: in the order in which the model's features stand.
        blocking: rules; a pair is compared when all columns of one rule agree. They decide recall: nothing
            later finds what no rule brought. `first_keys` means: the other's first name is mine or a learned
            variant of mine; `tokens`: a word of the name in common.
        titles: words that are no part of a name ("mr", "van").
        ranks: words of a name that tell people of one name apart ("duke"); become column `rank`.
        extra_fields: field → column → SQL over the field's cleaned text, for fields that no shop has.

    Raises:
        ValueError: a comparison or blocking rule needs a column that no field gives.
    """

    name: str
    name_columns: tuple[str, ...]
    fields: Mapping[str, str]
    comparisons: tuple[Comparison, ...]
    blocking: tuple[BlockingRule, ...]
    titles: tuple[str, ...]
    ranks: tuple[str, ...]
    extra_fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        needed = {column for rule in self.blocking for column in rule}
        needed |= {column for comparison in self.comparisons for column in comparison.needs}
        if missing := needed - self.derived_columns:
            raise ValueError(f"profile {self.name} compares columns that no field gives: {sorted(missing)}")

    @property
    def source_columns(self) -> tuple[str, ...]:
        """The columns read of a record, names first."""
        return (*self.name_columns, *self.fields.values())

    @property
    def derived_columns(self) -> frozenset[str]:
        """The columns that records of this profile can be compared by."""
        columns = set(NAME_COLUMNS)
        for name in self.fields:
            columns |= set(self.extra_fields.get(name) or DERIVED_COLUMNS[name])
        if {"place", "postcode"} <= set(self.fields):
            columns |= set(PLACE_POSTCODE_COLUMNS)
        return frozenset(columns)


@dataclass(frozen=True)
class RecordTable:
    """A DuckDB table or view of person records.

    Attributes:
        name: of the table; it has the profile's source columns.
        key: its column that is unique.
    """

    name: str
    key: str
    profile: RecordProfile
