"""Finds the sources of a home: every module of `spark_jobs/ingest/sources/` that declares a `SOURCE`.

A source's module is loaded by its name, as a plug-in (ADR 29). So one file declares everything of a source,
its transforms too, and a step that asks for a time zone alone depends on the declaration, not on `ingest`.
"""

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path

from expectations.contracts.ids import AS_GIVEN
from expectations.contracts.item_rules import BY_DEFAULT, ItemRuleNames
from spark_jobs.sources.declaration import Source

PACKAGE = "spark_jobs.ingest.sources"
FOLDER = Path(__file__).resolve().parents[1] / "ingest" / "sources"
# the service's own logs, and the events sent to it: in every home
LIVE_SOURCE = "live"
SERVICE_SOURCES = ("serving", LIVE_SOURCE)


class SourceError(ValueError):
    """The home names a source that does not exist, or sources that cannot live in one home."""


def list_source_names() -> list[str]:
    """The names of all sources, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules([str(FOLDER)]))


def load_sources(source_names: tuple[str, ...]) -> list[Source]:
    """The named sources and the service's, each with the home's time zone where it declares none.

    Raises:
        SourceError: an unknown name (says which exist), or catalogues or time zones that differ: one home is
            one shop.
    """
    known = list_source_names()
    unknown = [name for name in source_names if name not in known]
    if unknown:
        raise SourceError(
            f"unknown source {', '.join(unknown)} in CONCIERGE_SOURCES; there are: {', '.join(known)}"
        )
    sources = [
        importlib.import_module(f"{PACKAGE}.{name}").SOURCE
        for name in dict.fromkeys((*source_names, *SERVICE_SOURCES))
    ]
    catalogues = {source.catalogue: source.name for source in sources if source.catalogue}
    if len(catalogues) > 1:
        users = ", ".join(f"{source} uses {catalogue}" for catalogue, source in catalogues.items())
        raise SourceError(
            f"one home is one shop, and these sources do not share a catalogue of items: {users}"
        )
    return adopt_item_case(share_time_zone(sources))


def adopt_item_case(sources: list[Source]) -> list[Source]:
    """The sources; one without a catalogue reads item ids in the letter case of the home's."""
    case = find_item_case(sources)
    return [
        source if source.catalogue or source.item_case == case else use_item_case(source, case)
        for source in sources
    ]


def use_item_case(source: Source, case: str) -> Source:
    """The source with its item ids read in that letter case."""
    feeds = tuple(
        replace(
            feed,
            id_fields=tuple(
                each._replace(case=case) if each.kind == "item_id" else each for each in feed.id_fields
            ),
        )
        for feed in source.feeds
    )
    return replace(source, item_case=case, feeds=feeds)


def find_item_case(sources: list[Source]) -> str:
    """The letter case of item ids in the home's catalogue, as in `contracts.ids`."""
    return next((source.item_case for source in sources if source.catalogue), AS_GIVEN)


def find_item_rule_names(sources: list[Source]) -> ItemRuleNames:
    """Which attributes of the home's catalogue hold an item's rules."""
    return next((source.item_rule_names for source in sources if source.catalogue), BY_DEFAULT)


def find_shop_time_zone(source_names: tuple[str, ...]) -> str:
    """The time zone of the shop that these sources belong to.

    Raises:
        SourceError: as `load_sources`.
    """
    return load_sources(source_names)[0].time_zone


def share_time_zone(sources: list[Source]) -> list[Source]:
    """The sources; one that declares no time zone gets that of the others, or UTC when none declares one.

    Raises:
        SourceError: two declare different zones: an evening would lie on two days.
    """
    zones = {source.time_zone: source.name for source in sources if source.time_zone}
    if len(zones) > 1:
        declared = ", ".join(f"{name} declares {zone}" for zone, name in zones.items())
        raise SourceError(f"one home is one shop, and these sources do not share its time zone: {declared}")
    shop_zone = next(iter(zones), "UTC")
    return [source if source.time_zone else replace(source, time_zone=shop_zone) for source in sources]
