"""The ledger of scores: what was scored when, one file per day under ``data/processed/scores/<name>/``."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pandas as pd

from funnelml.errors import AsOfError, InputError, SourceError, did_you_mean, first_few
from funnelml.history.dates import parse_date
from funnelml.io.score_ledger import LEDGER_COLUMNS, check_ledger, ledger_from_bytes, ledger_to_bytes
from funnelml.io.whole_files import write_whole

LEDGER = Path("data/processed/scores")
"""Where scores are kept in a workspace."""
DEFAULT_NAME = "lead_score"
"""Name of the scores of a workspace that names none."""
_NAME = re.compile(r"[^\W_][\w-]{0,63}")


def write_ledger(
    root: Path, *, as_of: date, scores: pd.DataFrame, name: str = DEFAULT_NAME, replace: bool = True
) -> Path:
    """Keep one day's scores, whole or not at all.

    Parameters
    ----------
    root : pathlib.Path
        The workspace.
    as_of : datetime.date
        Last day of what was known to them.
    scores : pandas.DataFrame
        One row per record: ``record_id, probability, low, high, grade, reasons_for, reasons_against, model_id, verdict,
        outcome``; see :func:`funnelml.io.score_ledger.check_ledger`.
    name : str
        What the scores are called: letters of any script, digits, ``-`` and ``_``; at most 64.
    replace : bool
        Whether earlier scores of that day are replaced.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        If the name is none, the scores cannot be kept, or there are some of that day and ``replace`` is false. Nothing
        is written then.
    SourceError
        If the file cannot be written.
    """
    day = parse_date(as_of)
    path = _folder(root, name) / f"{day}.parquet"
    if not replace and path.exists():
        raise InputError(
            f"there are scores '{name}' of {day} already, and they are to stay; choose another day or name"
        )
    content = ledger_to_bytes(check_ledger(scores, as_of=day))
    try:
        write_whole(path, content)
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror}; free space or change its rights") from None
    return path


def ledger_dates(root: Path, name: str = DEFAULT_NAME) -> list[date]:
    """Return the days of which there are scores, rising.

    Raises
    ------
    InputError
        If the name is none.
    """
    days = (_day(path) for path in _folder(root, name).glob("*.parquet"))
    return sorted(day for day in days if day is not None)


def read_ledger(root: Path, name: str = DEFAULT_NAME, as_of: date | None = None) -> pd.DataFrame:
    """Return the scores of one day.

    Parameters
    ----------
    root : pathlib.Path
        The workspace.
    name : str
        What the scores are called.
    as_of : datetime.date, optional
        The day; the latest by default.

    Returns
    -------
    pandas.DataFrame
        ``record_id, probability, low, high, grade, reasons_for, reasons_against, model_id, as_of, verdict, outcome``;
        grades and verdicts by their English names, reasons and outcome in the language they were told in.

    Raises
    ------
    InputError
        If the name is none.
    SourceError
        If there are no scores of that name yet, or the file is damaged.
    AsOfError
        If there are none of that day.
    """
    days = ledger_dates(root, name)
    if not days:
        folder = root / LEDGER
        others = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
        hint = did_you_mean(name, others)
        raise SourceError(f"there are no scores '{name}' in {LEDGER.as_posix()} yet{hint}; run: funnelml score")
    day = days[-1] if as_of is None else parse_date(as_of)
    if day not in days:
        raise AsOfError(
            f"there are no scores '{name}' of {day}; there are those of {first_few(days[::-1])}. For others, run: "
            f"funnelml score --as-of {day}"
        )
    return _read(_folder(root, name) / f"{day}.parquet", day)


def read_past(root: Path, name: str, before: date) -> pd.DataFrame:
    """Return all scores of earlier days, as they were told then.

    Parameters
    ----------
    root : pathlib.Path
        The workspace.
    name : str
        What the scores are called.
    before : datetime.date
        First day that is left out.

    Returns
    -------
    pandas.DataFrame
        As :func:`read_ledger`, one row per record and day, the earliest first; no rows if there are none.

    Raises
    ------
    InputError
        If the name is none.
    SourceError
        If a file is damaged.
    """
    earlier = [day for day in ledger_dates(root, name) if day < parse_date(before)]
    parts = [_read(_folder(root, name) / f"{day}.parquet", day) for day in earlier]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(LEDGER_COLUMNS))


def _folder(root: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name}' cannot name scores; take letters, digits, - and _, at most 64, the first no - or _")
    return root / LEDGER / name


def _day(path: Path) -> date | None:
    """Return the day that a file is of; other files may lie beside."""
    try:
        day = date.fromisoformat(path.stem)
    except ValueError:
        return None
    return day if path.stem == day.isoformat() else None


def _read(path: Path, day: date) -> pd.DataFrame:
    try:
        return ledger_from_bytes(path.read_bytes(), as_of=day)
    except Exception as error:  # the reader of the format raises its own kinds
        told = " ".join(str(error).split())[:300] or type(error).__name__
        raise SourceError(
            f"{path} does not hold the scores of {day}, or is damaged: {told}. Make them again: funnelml score --as-of "
            f"{day}"
        ) from None
