"""Writes files under a hidden name and renames them, so readers see whole files; same content, same bytes."""

import gzip
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_file(path: Path, content: bytes) -> None:
    """Write bytes under a hidden name in the same folder, then rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    temporary.write_bytes(content)
    temporary.replace(path)


def write_lines(path: Path, lines: list[bytes], header: bytes | None = None, end: bytes = b"\n") -> None:
    """Write lines, each with its end; a name that ends in .gz is compressed, its time stamp 0."""
    content = end.join([*([header] if header is not None else []), *lines, b""])
    write_file(path, gzip.compress(content, compresslevel=4, mtime=0) if path.suffix == ".gz" else content)


def write_table(path: Path, table: pa.Table) -> None:
    """Write a parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    write_file(path, sink.getvalue().to_pybytes())
