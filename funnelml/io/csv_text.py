"""Rows of a CSV file, plain or compressed, in whatever encoding and with whatever delimiter."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from funnelml.errors import SourceError, did_you_mean
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
from funnelml.mapping.headings import fold, mapped_headings, resolve_columns
from funnelml.mapping.rejects import rejects_of
from funnelml.mapping.source import Source

_BLOCK = 16 << 20
_MOST_BAD = 1_000
_NAMES = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with BOM", "gb18030": "GB18030", "utf-16": "UTF-16"}
_PLAIN = {"utf-8-sig": "utf-8"}
_SIGNS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def read_csv(source: Source, path: Path) -> RawTable:
    """Read the mapped columns of a CSV file as text.

    The first part is looked at before anything else: what is not text, or has not the mapped columns, is refused
    within it. Rows with another number of columns than the header are rejected, the rest goes on.

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
        columns = resolve_columns(source, headings)
        encoding = source.encoding or detect_encoding(path, head, where)
        return _read(source, path, encoding, delimiter, headings, columns, where)
    except BROKEN_STREAM as error:
        told = f"{where} is broken and cannot be read to its end ({error})"
        raise SourceError(f"{told}; copy or export it again") from None
    except UnicodeDecodeError as error:
        told = f"{where} is not {source.encoding}: {error}"
        raise SourceError(f"{told}; leave 'encoding' out to have it detected") from None


def _refuse_unknown(encoding: str | None, where: str) -> None:
    try:
        codecs.lookup(encoding or "utf-8")
    except LookupError:
        hint = did_you_mean(encoding or "", _NAMES)
        raise SourceError(
            f"{where}: there is no encoding '{encoding}'{hint}; leave it out to have it detected"
        ) from None


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
    return record.lstrip("\r\n")


def _mapped(source: Source, headings: list[str]) -> int:
    there = {fold(h) for h in headings}
    return sum(fold(h) in there for h in source.columns.values())


def _read(
    source: Source,
    path: Path,
    encoding: str,
    delimiter: str,
    headings: list[str],
    columns: dict[str, str],
    where: str,
) -> RawTable:
    wanted = mapped_headings(columns)
    last = f"f{len(headings) - 1}"
    fields = list(dict.fromkeys([*(f"f{headings.index(h)}" for h in wanted), last]))
    bad: list[tuple[int, int, str]] = []

    def skip(row: Any) -> str:
        if row.text.strip():
            bad.append((row.number, row.actual_columns, row.text))
        else:
            blank.append(row.number)
        return "skip"

    blank: list[int] = []
    batches, rows = [], 0
    with open_bytes(path) as stream:
        reader = pa_csv.open_csv(
            stream,
            # The header is read as a row: names of columns may repeat, and rows keep the numbers of the file.
            read_options=pa_csv.ReadOptions(
                use_threads=False,
                autogenerate_column_names=True,
                encoding=_PLAIN.get(encoding, encoding),
                block_size=_BLOCK,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip, ignore_empty_lines=False
            ),
            convert_options=pa_csv.ConvertOptions(
                include_columns=fields,
                column_types={f"f{i}": pa.string() for i in range(len(headings))},
                strings_can_be_null=False,
            ),
        )
        for batch in _batches(reader, where):
            batches.append(batch)
            rows += batch.num_rows
            if len(bad) > max(_MOST_BAD, rows):
                raise SourceError(
                    f"{where}: most rows cannot be split into the {len(headings)} columns of the header; the first is "
                    f"row {bad[0][0]:,} with {bad[0][1]}; set 'delimiter'"
                )
    table = pa.Table.from_batches(batches)
    _refuse_open_quote(table[last], path, where)
    frame = table.select(fields[: len(wanted)]).to_pandas(types_mapper=pd.ArrowDtype)
    frame.columns = wanted
    total = len(frame) + len(bad) + len(blank)
    frame.index = np.setdiff1d(np.arange(1, total + 1), [*(b[0] for b in bad), *blank])
    frame = frame.iloc[1:]
    if frame.empty and not bad:
        raise SourceError(f"{where} has a header but no rows; export it again")
    expected = len(headings)
    rejects = rejects_of(
        source.name,
        [number for number, _, _ in bad],
        "",
        [text for _, _, text in bad],
        [f"{found} columns where the header has {expected}" for _, found, _ in bad],
    )
    read_as = f"{_NAMES.get(encoding, encoding)}, {_SIGNS.get(delimiter, repr(delimiter))}"
    return RawTable(frame=frame, columns=columns, read_as=read_as, rejects=rejects)


def _batches(reader: Any, where: str) -> Iterator[Any]:
    try:
        yield from reader
    except pa.ArrowInvalid as error:
        if "straddl" not in str(error):
            raise
        raise SourceError(
            f"{where}: a row is longer than {_BLOCK >> 20} MB; most often a quotation mark opens and never closes: "
            "export it again with quotation marks doubled"
        ) from None


def _refuse_open_quote(column: Any, path: Path, where: str) -> None:
    # Only in the last column can a quotation mark that never closes swallow the rest of the file unnoticed.
    swallowed = column[-1].as_py() if len(column) else ""
    if "\n" not in swallowed:
        return
    with open_bytes(path) as stream:
        marks = sum(block.count(b'"') for block in iter(lambda: stream.read(FIRST_PART), b""))
    if marks % 2:
        raise SourceError(
            f"{where}: a quotation mark opens and never closes; it swallows the last {swallowed.count(chr(10)):,} lines. "
            f"It stands before: {swallowed[:40]!r}"
        )
