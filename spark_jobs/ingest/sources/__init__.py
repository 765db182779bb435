"""The sources there are: every module of this folder that declares a `SOURCE`, found by its file name."""

import importlib
import pkgutil

from spark_jobs.ingest.feed import Source

SERVICE = "serving"  # the service's own logs come back in every home


class SourceError(ValueError):
    """The home names a source that does not exist, or sources that cannot live in one home."""


def names() -> list[str]:
    """The names of all sources, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(wanted: tuple[str, ...]) -> list[Source]:
    """The sources a home names, and the service's.

    Raises:
        SourceError: an unknown name (says which exist), or catalogues that differ: one home is one shop.
    """
    unknown = [name for name in wanted if name not in names()]
    if unknown:
        raise SourceError(f"unknown source {', '.join(unknown)} in CONCIERGE_SOURCES; there are: {', '.join(names())}")
    sources = [importlib.import_module(f"{__name__}.{name}").SOURCE for name in dict.fromkeys((*wanted, SERVICE))]
    catalogues = {source.catalogue: source.name for source in sources if source.catalogue}
    if len(catalogues) > 1:
        said = ", ".join(f"{source} uses {catalogue}" for catalogue, source in catalogues.items())
        raise SourceError(f"one home is one shop, and these sources do not share a catalogue of items: {said}")
    return sources
