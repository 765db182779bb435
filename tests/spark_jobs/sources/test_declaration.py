"""A source whose declaration contradicts itself is refused when it is imported."""

from dataclasses import replace

import pytest

from expectations.contracts.ids import AS_GIVEN
from spark_jobs.ingest.sources import online_retail


def test_a_source_and_its_feeds_agree_on_letter_case():
    with pytest.raises(ValueError, match="letter case"):
        replace(online_retail.SOURCE, item_case=AS_GIVEN)


def test_a_feed_with_identifiers_declares_id_fields_of_their_kinds():
    with pytest.raises(ValueError, match="declares no id"):
        replace(online_retail.SOURCE.find_feed("lines"), id_fields=())
