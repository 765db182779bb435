"""What rules may name of a shop's traits."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from segments.fields import Field
from segments.parsing.traits import describe_trait_fields, load_traits
from segments.sql_traits import describe_sql_fields, load_shop_sql_traits
from segments.tree.traits import Trait


@dataclass(frozen=True)
class KnownTraits:
    """Traits as fields.

    Attributes:
        declared: stand for their measures, which every host works out as of any moment.
        of_sql: known as of the nights that were run.
        absent: no rule can compare these; with the end of the sentence on why.
    """

    declared: dict[str, Field]
    of_sql: dict[str, Field] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)


def describe_known_traits(traits: Sequence[Trait] | None = None) -> KnownTraits:
    """The declared traits as fields; None: all of the shop's, those of SQL too."""
    declared, absent = describe_trait_fields(load_traits() if traits is None else traits)
    if traits is not None:
        return KnownTraits(declared, absent=absent)
    of_sql, times = describe_sql_fields(load_shop_sql_traits()[0])
    return KnownTraits(declared, of_sql, {**absent, **times})
