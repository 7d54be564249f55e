"""The file of an import: what it looks like, and which of its columns are which fields."""

from __future__ import annotations

import hashlib
from typing import Any

from ..engine import Engine
from ..models import ImportJob
from ..options import Options
from ..reading import Table, open_table

MEGABYTE = 1024 * 1024
# Opening these reads them from end to end, for which nobody should wait when they are large.
PARSED_AT_ONCE = {"json", "ndjson", "xlsx"}
LARGE_BYTES = 16 * MEGABYTE


def looks_parsed(file: Any, file_name: str, options: Options) -> bool:
    """Whether the file is of a kind that is read from end to end when it is opened."""
    file.seek(0)
    head = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    name = file_name.lower().rpartition(".")[2]
    return (options.format or name) in PARSED_AT_ONCE or head[:1] in (b"[", b"{") or head[:2] == b"PK"


def open_import(job: ImportJob, file: Any, content_type: str = "") -> Table:
    options = Options.from_json(job.options)
    return open_table(
        file,
        filename=job.file_name,
        content_type=content_type,
        format=options.format or job.format or None,
        encoding=options.encoding or job.encoding or None,
        delimiter=options.delimiter or job.delimiter or None,
    )


def note_columns(job: ImportJob, table: Table, engine: Engine) -> None:
    job.format, job.encoding, job.delimiter = table.format, table.encoding or "", table.delimiter or ""
    job.headers, job.mapping, job.ignored_columns = table.headers, engine.columns.mapping, engine.columns.ignored


def sha256_of(file: Any) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
