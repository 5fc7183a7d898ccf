"""The bytes of a text file: decompressed as a stream, their encoding and delimiter found."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from funnelml.errors import SourceError
from funnelml.io.files import name_format

FIRST_PART = 1 << 20
"""Bytes that are looked at before a file is read at all."""

DELIMITERS = (",", ";", "\t", "|")
BROKEN_STREAM = (OSError, EOFError, lzma.LZMAError, zlib.error, zipfile.BadZipFile, pa.ArrowException)
_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CANDIDATES = ("utf-8", "gb18030")
_CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 26, 27})


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a plain or compressed (.gz, .bz2, .xz, .zst, .zip) file as a stream of plain bytes.

    Raises
    ------
    SourceError
        If a zip holds anything but one file.
    """
    openers: dict[str, Callable[[Path], Any]] = {
        ".gz": gzip.open,
        ".bz2": bz2.open,
        ".xz": lzma.open,
        ".zst": _open_zst,
        ".zip": _open_zip,
    }
    opener = openers.get(path.suffix.lower())
    with opener(path) if opener else path.open("rb") as stream:
        yield stream


def _open_zst(path: Path) -> Any:
    return pa.CompressedInputStream(pa.OSFile(str(path)), "zstd")


@contextmanager
def _open_zip(path: Path) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive:
        inside = [i.filename for i in archive.infolist() if not i.is_dir() and not i.filename.startswith("__MACOSX")]
        if len(inside) != 1:
            raise SourceError(f"{path.name} holds {len(inside)} files; pack one, or unpack it and name the file")
        with archive.open(inside[0]) as stream:
            yield stream


def refuse_binary(head: bytes, where: str) -> None:
    """Refuse bytes that are not text.

    Raises
    ------
    SourceError
        Saying what they look like instead.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return
    looks = name_format(head)
    if looks:
        raise SourceError(f"{where} is not a text file: it looks like {looks}; give it the ending that fits")
    if b"\0" in head:
        at = head.index(b"\0")
        raise SourceError(f"{where} is not a text file: it has a zero byte at position {at:,}; export it as CSV")
    odd = len(head) - len(head.translate(None, _CONTROL))
    if odd > len(head) / 100:
        raise SourceError(f"{where} is not a text file: {odd / len(head):.0%} of its first bytes are no text")


def detect_encoding(path: Path, head: bytes, where: str) -> str:
    """Find the encoding of a text file: byte order mark, then strict UTF-8, then strict GB18030.

    Parameters
    ----------
    path : pathlib.Path
        The file; it is read to its end, in pieces.
    head : bytes
        Its first bytes.

    Raises
    ------
    SourceError
        If it is none of these.
    """
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    failures = []
    for name in _CANDIDATES:
        failure = _first_failure(path, name)
        if failure is None:
            return name
        failures.append(failure)
    raise SourceError(
        f"{where} is neither UTF-8 (line {failures[0]:,}) nor GB18030 (line {failures[1]:,}); "
        'set encoding, for instance encoding = "cp1252", or save it as UTF-8'
    )


def _first_failure(path: Path, encoding: str) -> int | None:
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    with open_bytes(path) as stream:
        while True:
            block = stream.read(FIRST_PART)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            if not block:
                return None
            line += block.count(b"\n")


def sniff_delimiter(header: str, score: Callable[[list[str]], int]) -> str:
    """Choose the delimiter with which the header has most of the mapped columns, then most columns.

    Parameters
    ----------
    header : str
        First record of the file.
    score : callable
        Number of mapped columns among some headings.
    """

    def rank(delimiter: str) -> tuple[int, int]:
        headings = split_header(header, delimiter)
        return score(headings), len(headings)

    return max(DELIMITERS, key=rank)


def split_header(text: str, delimiter: str) -> list[str]:
    """Return the headings in the first record of ``text``."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    return [h.strip().strip("\ufeff") for h in next(rows, [])]
