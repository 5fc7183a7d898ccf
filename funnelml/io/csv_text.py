"""A CSV file, plain or compressed: what its first part says about encoding, delimiter and columns."""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from funnelml.errors import SourceError, did_you_mean
from funnelml.io.csv_rows import read_rows
from funnelml.io.encodings import (
    BROKEN_STREAM,
    FIRST_PART,
    detect_encoding,
    open_bytes,
    refuse_binary,
    sniff_delimiter,
    split_header,
)
from funnelml.io.raw import RawTable
from funnelml.mapping.headings import Resolve, fold, mapped_headings, resolve_columns
from funnelml.mapping.rejects import rejects_of
from funnelml.mapping.source import Source

_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with BOM", "gb18030": "GB18030", "utf-16": "UTF-16"}
_SIGNS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def read_csv(source: Source, path: Path, resolve: Resolve = resolve_columns) -> RawTable:
    """Read the mapped columns of a CSV file as text.

    The first part is looked at before anything else: what is not text, or has not the mapped columns, is refused
    within it. Rows with another number of columns than the header are rejected, the rest goes on.

    Parameters
    ----------
    source : Source
        ``encoding`` and ``delimiter`` are detected where they are None.
    path : pathlib.Path
        A file that exists; its ending says whether it is compressed (.gz, .bz2, .xz, .zst, .zip).
    resolve : callable
        Says which columns are read.

    Raises
    ------
    SourceError
        If the file is not text, is broken, has no rows, or most of its rows cannot be split.
    MappingError
        If a mapped column does not exist.
    """
    where = f"source '{source.name}': {source.file}"
    try:
        with open_bytes(path) as stream:
            head = stream.read(FIRST_PART)
        if not head.strip():
            raise SourceError(f"{where} is empty; export it again")
        refuse_binary(head, where)
        _refuse_unknown(source.encoding, where)
        header = _first_record(head, source.encoding or _encoding_of_head(head), where)
        delimiter = source.delimiter or sniff_delimiter(header, lambda headings: _mapped(source, headings))
        headings = split_header(header, delimiter)
        columns = resolve(source, headings)
        wanted = mapped_headings(columns)
        encoding = source.encoding or detect_encoding(path, head, where)
        places = [headings.index(h) for h in wanted]
        rows = read_rows(path, encoding, delimiter, len(headings), places, where)
    except BROKEN_STREAM as error:
        told = f"{where} is broken and cannot be read to its end ({error})"
        raise SourceError(f"{told}; copy or export it again") from None
    except UnicodeDecodeError as error:
        told = f"{where} is not {source.encoding}: {error}"
        raise SourceError(f"{told}; leave 'encoding' out to have it detected") from None
    rejects = rejects_of(
        source.name,
        [number for number, _, _ in rows.bad],
        "",
        [text for _, _, text in rows.bad],
        [f"{found} columns where the header has {len(headings)}" for _, found, _ in rows.bad],
    )
    read_as = f"{_NAMES.get(encoding, encoding)}, {_SIGNS.get(delimiter, repr(delimiter))}"
    return RawTable(frame=rows.frame.set_axis(wanted, axis=1), columns=columns, read_as=read_as, rejects=rejects)


def _refuse_unknown(encoding: str | None, where: str) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        hint = did_you_mean(encoding or "", _NAMES)
        raise SourceError(f"{where}: no encoding '{encoding}'{hint}; leave it out to have it detected") from None


def _encoding_of_head(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8-sig"


def _first_record(head: bytes, encoding: str, where: str) -> str:
    text = codecs.getincrementaldecoder(encoding)("replace").decode(head).lstrip("\ufeff")
    record, quotes = "", 0
    for line in io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")):
        record, quotes = record + line, quotes + line.count('"')
        if quotes % 2 == 0 and record.strip():
            break
    if not record.endswith("\n") and len(head) == FIRST_PART:
        raise SourceError(f"{where} is not a table: its first line has no end within {FIRST_PART >> 20} MB")
    return record.lstrip("\n")


def _mapped(source: Source, headings: list[str]) -> int:
    there = {fold(h) for h in headings}
    return sum(fold(h) in there for h in source.columns.values())
