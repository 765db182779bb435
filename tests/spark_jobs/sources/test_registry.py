"""Sources are found by their file names; those of one home share a time zone. No Spark."""

from dataclasses import replace

import pytest

from expectations.contracts.ids import AS_GIVEN, UPPER
from spark_jobs.ingest.sources import sample_shop
from spark_jobs.sources.declaration import Source
from spark_jobs.sources.registry import (
    SourceError,
    find_item_case,
    find_shop_time_zone,
    list_source_names,
    load_sources,
    share_time_zone,
)

NEW_YORK = replace(sample_shop.SOURCE, time_zone="America/New_York")


def test_each_file_in_the_folder_of_sources_declares_one():
    assert {"online_retail", "sample_shop", "serving"} <= set(list_source_names())
    for name in set(list_source_names()):
        source = next(each for each in load_sources((name,)) if each.name == name)
        assert isinstance(source, Source) and source.feeds, name


def test_an_unknown_source_is_named_with_those_there_are():
    with pytest.raises(SourceError, match=r"unknown source nowhere .* are: .*online_retail, .*sample_shop"):
        load_sources(("nowhere",))


def test_sources_of_one_home_share_its_zone():
    assert find_shop_time_zone(("online_retail",)) == "Europe/London"
    service = load_sources(("online_retail",))[-1]
    assert (service.name, service.time_zone) == ("live", "Europe/London")
    with pytest.raises(SourceError, match="sample_shop declares America/New_York, other declares UTC"):
        share_time_zone([NEW_YORK, replace(NEW_YORK, name="other", time_zone="UTC")])


def test_the_catalogue_decides_letter_case_of_item_ids():
    assert [find_item_case(load_sources((name,))) for name in ("online_retail", "sample_shop")] == [
        UPPER,
        AS_GIVEN,
    ]
