"""The contract of `raw_<source>__<entity>`: a source declares its columns, the rest is the same for all."""

from expectations.contracts.tables import Table

RAW_PROVENANCE = {
    "source_file": "string",
    "source_line": "int",
    "delivery_id": "string",
    "landing_date": "date",
    # columns that hold an id by name and no string or whole number by JSON kind, separated by commas
    "wrong_kinds": "string",
}


def define_raw_table(source: str, entity: str, columns: tuple[str, ...]) -> Table:
    """The contract of `raw_<source>__<entity>`: all columns as received (strings), then where each record
    came from.
    """
    return Table(
        name=f"raw_{source}__{entity}",
        grain="One row per received record.",
        key=("delivery_id", "source_line"),
        columns={**dict.fromkeys(columns, "string"), **RAW_PROVENANCE},
        partition="landing_date",
        personal=columns,
    )
