"""Write the restrictions that tonight's tables imply to the home's store, in one transaction, before any
deployment.

Whom the features leave out or a review holds back is denied, since their newest word or, where that is no no,
since the end of the landing day. Which items must not be shown is the catalogue's word of that moment. Who
was one with somebody else in a snapshot that can be rolled back to stands there with the version of
`core_identities` that lists must know before they are theirs.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc

from expectations.contracts.consent import PERSONALIZATION
from expectations.contracts.home import HomePaths
from expectations.contracts.identifiers import derive_customer_id as id_of_founder
from expectations.contracts.lake import (
    CORE_CONSENTS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_ITEMS,
    FEAT_CUSTOMERS,
)
from expectations.contracts.published import Published, read_published_history
from expectations.contracts.restrictions import CONSENTS, ITEMS, Permission, RestrictionsUnreadable
from expectations.contracts.restrictions_store import FOLDER, RestrictionDatabase, encode_key
from spark_jobs.lake.queries import open_database
from spark_jobs.publish import published_lists
from spark_jobs.publish.snapshot_tables import SnapshotTables

logger = logging.getLogger(__name__)
NEWEST_CONSENTS_QUERY = """
    select identities.customer_id, max(consents.consented_at) as said_at,
        arg_max(consents.source || '/' || consents.feed, consents.consented_at) as said_by,
        coalesce(max(consents.consented_at) filter (where not consents.is_granted) = said_at, false) as is_no
    from consents join identities using (identifier_id)
    where consents.purpose = $purpose
    group by identities.customer_id
"""
BY_RECORD, BY_REVIEW, BY_CATALOGUE = "core_people", "core_identity_reviews", "core_items"


def write_restrictions(home: Path, sources: SnapshotTables, landing_date: date) -> dict[str, int]:
    """Write the night's whole truth; how many ids and items it restricts, for the run manifest."""
    store = open_or_recreate_store(home / FOLDER)
    known_until = datetime(landing_date.year, landing_date.month, landing_date.day, tzinfo=UTC) + timedelta(
        days=1
    )
    live_keys = {kind: store.find_live_keys(kind) for kind in (CONSENTS, ITEMS)}
    night = {
        CONSENTS: collect_consent_restrictions(sources, known_until, live_keys[CONSENTS]),
        ITEMS: collect_item_restrictions(sources, known_until, live_keys[ITEMS]),
    }
    splits = find_split_ids(home, read_identities(sources))
    store.write_run_permissions(night, splits)
    counts = {
        f"n_{kind}_denied": sum(not word.is_granted for word in words.values())
        for kind, words in night.items()
    }
    return {**counts, "n_ids_parted": len(splits)}


def open_or_recreate_store(folder: Path) -> RestrictionDatabase:
    """The home's store; an empty one in the place of one that is missing or damaged, whose live words are
    lost with it.
    """
    try:
        return RestrictionDatabase(folder)
    except RestrictionsUnreadable as error:
        if folder.exists():
            logger.warning(
                f"{error}: made anew; words heard since the last night come back with their events"
            )
        return RestrictionDatabase.create(folder)


def read_identities(sources: SnapshotTables) -> dict[str, str]:
    """Each identifier's customer, of everybody."""
    table = sources.lake.read_arrow(CORE_IDENTITIES)
    return dict(zip(table["identifier_id"].to_pylist(), table["customer_id"].to_pylist(), strict=True))


def collect_consent_restrictions(
    sources: SnapshotTables, known_until: datetime, live_keys: set[bytes]
) -> dict[str, Permission]:
    """A no for every id of whoever may not be personalised for, and of `live_keys` ids the word
    whatever it is.
    """
    whose, words = read_identities(sources), read_newest_consents(sources)
    known = set(sources.lake.read_arrow(FEAT_CUSTOMERS, ["customer_id"])["customer_id"].to_pylist())
    willing = set(sources.customers["customer_id"].to_pylist())
    issued = set(
        pc.unique(sources.lake.read_arrow(CORE_IDENTITY_CHANGES, ["customer_id"])["customer_id"]).to_pylist()
    )
    permissions = {}
    for identifier, customer in whose.items():
        is_granted = customer in willing
        if is_granted and not live_keys:
            continue
        said_at, said_by, is_no = words.get(customer, (None, "", False))
        # for another reason than a word: a review holds them back, or their record has ended
        if not is_granted and not is_no:
            said_at, said_by = known_until, BY_REVIEW if customer in known else BY_RECORD
        former = id_of_founder(identifier)
        names = {identifier, customer, *({former} & issued)}
        names = {name for name in names if encode_key(name) in live_keys} if is_granted else names
        if said_at:
            permissions.update(dict.fromkeys(names, Permission(is_granted, said_at, said_by, is_live=False)))
    return permissions


def read_newest_consents(sources: SnapshotTables) -> dict[str, tuple[datetime, str, bool]]:
    """When and by whom each customer's newest word on personalization was said, and whether a no was."""
    with open_database() as connection:
        sources.lake.create_view(connection, CORE_CONSENTS, "consents")
        sources.lake.create_view(connection, CORE_IDENTITIES, "identities")
        rows = connection.execute(NEWEST_CONSENTS_QUERY, {"purpose": PERSONALIZATION}).fetchall()
    return {customer: (at.astimezone(UTC), by or BY_RECORD, is_no) for customer, at, by, is_no in rows}


def collect_item_restrictions(
    sources: SnapshotTables, known_until: datetime, live_keys: set[bytes]
) -> dict[str, Permission]:
    """A no for every item that must not be shown, and of `live_keys` items the word whatever it is.

    A no is as old as the catalogue's record, so that a shop that restocked an item since is believed.
    """
    may_be_shown = pc.and_(sources.items["is_recommendable"], sources.items["is_in_stock"]).to_pylist()
    updated_at = read_update_times(sources)
    permissions = {}
    for name, is_shown in zip(sources.items["item_id"].to_pylist(), may_be_shown, strict=True):
        if not is_shown:
            at = min(updated_at.get(name) or known_until, known_until)
            permissions[name] = Permission(False, at, BY_CATALOGUE, False)
        elif encode_key(name) in live_keys:
            permissions[name] = Permission(True, known_until, BY_CATALOGUE, False)
    return permissions


def read_update_times(sources: SnapshotTables) -> dict[str, datetime | None]:
    """When each item's record was changed, UTC."""
    table = sources.lake.read_arrow(CORE_ITEMS, ["item_id", "updated_at"])
    times = (at and at.astimezone(UTC) for at in table["updated_at"].to_pylist())
    return dict(zip(table["item_id"].to_pylist(), times, strict=True))


def find_split_ids(home: Path, whose: Mapping[str, str]) -> dict[str, int]:
    """Ids that were one with somebody else in a snapshot of the home, and are not now, with the version that
    is new enough.

    Args:
        whose: each identifier's customer now.
    """
    now = Published.read(home)
    retained = [*read_published_history(home), *([now] if now else [])]
    since: dict[str, int] = {}
    for name in {record.snapshot for record in retained}:
        identifiers = published_lists.read_identifiers(HomePaths(home).snapshots / name)
        if identifiers is None:
            continue
        version, then = identifiers
        together = defaultdict(list)
        for identifier, customer in then.items():
            together[customer].append(identifier)
        for customer, members in together.items():
            if len({whose.get(identifier) for identifier in members}) > 1:
                for one in (customer, *members):
                    since[one] = max(since.get(one, 0), version + 1)
    return since
