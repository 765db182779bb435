"""Landed files of a service's log that became one: a delivery each night, where there would be one a minute.

A merged file is named behind the first of its parts, so it stands where they stood. A hidden file beside it
lists them, for whoever has read them already.
"""

from pathlib import Path

from expectations.contracts.files import write_text_atomically

MERGED = "-merged"


def name_merged(first: Path) -> Path:
    """The file that parts become, of the first of them."""
    return first.with_name(f"{first.stem}{MERGED}{first.suffix}")


def get_parts_file(merged: Path) -> Path:
    """Where the parts of a merged file are listed."""
    return merged.with_name(f".{merged.name}.parts")


def write_parts(merged: Path, parts: list[Path]) -> None:
    """List the parts of a merged file."""
    write_text_atomically(get_parts_file(merged), "".join(f"{part.name}\n" for part in parts))


def read_parts(merged: Path) -> frozenset[str]:
    """The names of the files that became this one; none of a file that is no merged one."""
    return read_list_of_parts(get_parts_file(merged))


def read_list_of_parts(file: Path) -> frozenset[str]:
    """The names in a list of parts; none where there is no list."""
    try:
        return frozenset(file.read_text().splitlines())
    except FileNotFoundError:
        return frozenset()


def list_merged_parts(folder: Path) -> frozenset[str]:
    """The names of all files of a day that became part of a merged one, as far as they are listed."""
    return frozenset().union(*map(read_list_of_parts, folder.glob(f".*{MERGED}.jsonl.parts")))
