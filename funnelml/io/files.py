"""The file of a source, checked before anything is read: does it exist, may it be read, is it what its name says."""

from __future__ import annotations

import os
from pathlib import Path

from funnelml.errors import SourceError, did_you_mean
from funnelml.mapping.source import Source

_MAGIC = {
    b"PK\x03\x04": "a zip or Excel file (.zip, .xlsx)",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old Excel file (.xls)",
    b"\x1f\x8b": "gzip (.gz)",
    b"BZh": "bzip2 (.bz2)",
    b"\xfd7zXZ\x00": "xz (.xz)",
    b"\x28\xb5\x2f\xfd": "zstandard (.zst)",
    b"PAR1": "Parquet (.parquet)",
    b"%PDF": "a PDF",
    b"SQLite format 3\x00": "an SQLite database",
}


def find_file(source: Source, root: Path) -> Path:
    """Return the path of the source's file.

    Raises
    ------
    SourceError
        If it does not exist, is a folder, is empty or may not be read.
    """
    told = source.file or ""
    path = root / told
    where = f"source '{source.name}'"
    try:
        if path.is_dir():
            raise SourceError(f"{where}: {told} is a folder; name a file in it")
        if not path.exists():
            folder = path.parent
            beside = [p.name for p in sorted(folder.iterdir())] if folder.is_dir() else []
            what = f"no file {told}{did_you_mean(path.name, beside)}"
            place = f"in {root.absolute()}" if folder.is_dir() else f"and no folder {folder}"
            raise SourceError(f"{where}: {what} {place}; correct 'file' in funnelml.toml")
        if not os.access(path, os.R_OK):
            raise SourceError(f"{where}: no permission to read {told}; change its rights (chmod u+r)")
        if path.stat().st_size == 0:
            raise SourceError(f"{where}: {told} is empty (0 bytes); export it again")
    except OSError as error:
        raise SourceError(f"{where}: {told} cannot be read: {error.strerror}") from None
    return path


def name_format(head: bytes) -> str:
    """Return what the first bytes of a file say it is, or an empty string."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), "")
