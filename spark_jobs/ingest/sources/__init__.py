"""The sources there are: every module of this folder that declares a `SOURCE`, found by its file name."""

import importlib
import pkgutil
from dataclasses import replace

from expectations.contracts.ids import AS_GIVEN
from spark_jobs.ingest.feed import Source

SERVICE = "serving"  # the service's own logs come back in every home


class SourceError(ValueError):
    """The home names a source that does not exist, or sources that cannot live in one home."""


def names() -> list[str]:
    """The names of all sources, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(wanted: tuple[str, ...]) -> list[Source]:
    """The sources a home names, and the service's, each with the home's time zone where it declares none.

    Raises:
        SourceError: an unknown name (says which exist), or catalogues or time zones that differ: one home is
            one shop.
    """
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise SourceError(
            f"unknown source {', '.join(unknown)} in CONCIERGE_SOURCES; there are: {', '.join(names())}"
        )
    sources = [
        importlib.import_module(f"{__name__}.{name}").SOURCE for name in dict.fromkeys((*wanted, SERVICE))
    ]
    catalogues = {source.catalogue: source.name for source in sources if source.catalogue}
    if len(catalogues) > 1:
        said = ", ".join(f"{source} uses {catalogue}" for catalogue, source in catalogues.items())
        raise SourceError(
            f"one home is one shop, and these sources do not share a catalogue of items: {said}"
        )
    return in_one_zone(sources)


def item_case(sources: list[Source]) -> str:
    """What the home's catalogue says of letter case in item ids, as in `contracts.ids`."""
    return next((source.item_case for source in sources if source.catalogue), AS_GIVEN)


def shop_time_zone(wanted: tuple[str, ...]) -> str:
    """The time zone of the shop that these sources are of.

    Raises:
        SourceError: as `load`.
    """
    return load(wanted)[0].time_zone


def in_one_zone(sources: list[Source]) -> list[Source]:
    """The sources, those that declare no time zone with that of the others; UTC when none declares one.

    Raises:
        SourceError: two declare different zones: an evening would lie on two days.
    """
    zones = {source.time_zone: source.name for source in sources if source.time_zone}
    if len(zones) > 1:
        declared = ", ".join(f"{name} declares {zone}" for zone, name in zones.items())
        raise SourceError(f"one home is one shop, and these sources do not share its time zone: {declared}")
    shop_zone = next(iter(zones), "UTC")
    return [source if source.time_zone else replace(source, time_zone=shop_zone) for source in sources]
