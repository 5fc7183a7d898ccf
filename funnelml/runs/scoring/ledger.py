"""The ledger of scores: what was scored when, one file per day under ``data/processed/scores/<name>/``.

Scores that were made later for a past day lie apart, in ``made_later/``: they never went out on that day, take no place
of what did, and are not judged as past scores.
"""

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
MADE_LATER = "made_later"
"""Folder of scores that were made when their day was past."""
LATE_AFTER = 7
"""Days after which scores of a day are made later: scores go out weekly at least."""
_NAME = re.compile(r"[^\W_][\w-]{0,63}")


def write_ledger(
    root: Path,
    *,
    as_of: date,
    scores: pd.DataFrame,
    name: str = DEFAULT_NAME,
    made_on: date | None = None,
    replace: bool = True,
) -> Path:
    """Keep one day's scores, whole or not at all.

    They are made later if there are scores of a later day that went out, or ``made_on`` is more than a week after their
    day. They then lie apart and replace only those that were made later too.

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
    made_on : datetime.date, optional
        The day on which they were made, if it is known; the name of the file tells it of scores that were made later.
    replace : bool
        Whether there may be scores of that day before.

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
    day, folder = parse_date(as_of), _folder(root, name)
    if not replace and day in ledger_dates(root, name):
        raise InputError(
            f"there are scores '{name}' of {day} already, and they are to stay; choose another day or name"
        )
    path, content = folder / f"{day}.parquet", ledger_to_bytes(check_ledger(scores, as_of=day))
    late = made_on is not None and (parse_date(made_on) - day).days > LATE_AFTER
    if late or any(other > day for other in _days(folder)):
        told = "" if made_on is None else f"_made_{parse_date(made_on)}"
        path = folder / MADE_LATER / f"{day}{told}.parquet"
    before = _days(folder / MADE_LATER).get(day)
    try:
        write_whole(path, content)
        if before is not None and before != path:
            before.unlink()
    except OSError as error:
        raise SourceError(f"{path} cannot be written: {error.strerror}; free space or change its rights") from None
    return path


def ledger_dates(root: Path, name: str = DEFAULT_NAME) -> list[date]:
    """Return the days of which there are scores, made then or later, rising.

    Raises
    ------
    InputError
        If the name is none.
    """
    folder = _folder(root, name)
    return sorted(_days(folder) | _days(folder / MADE_LATER))


def made_later(root: Path, name: str = DEFAULT_NAME) -> dict[date, date | None]:
    """Return the days whose scores were made later, and when they were made; None where that is not known.

    Raises
    ------
    InputError
        If the name is none.
    """
    paths = _days(_folder(root, name) / MADE_LATER)
    return {day: _made_on(path) for day, path in sorted(paths.items())}


def read_ledger(root: Path, name: str = DEFAULT_NAME, as_of: date | None = None) -> pd.DataFrame:
    """Return the scores of one day: those that were made last, then or later.

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
    folder = _folder(root, name)
    return _read((_days(folder) | _days(folder / MADE_LATER))[day], day)


def read_past(root: Path, name: str, before: date) -> pd.DataFrame:
    """Return all scores of earlier days, as they were told then; scores that were made later are none of them.

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
    earlier = sorted((day, path) for day, path in _days(_folder(root, name)).items() if day < parse_date(before))
    parts = [_read(path, day) for day, path in earlier]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(LEDGER_COLUMNS))


def _folder(root: Path, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name}' cannot name scores; take letters, digits, - and _, at most 64, the first no - or _")
    return root / LEDGER / name


def _days(folder: Path) -> dict[date, Path]:
    """Return the file of each day; other files may lie beside."""
    days = ((_date(path.stem.partition("_made_")[0]), path) for path in sorted(folder.glob("*.parquet")))
    return {day: path for day, path in days if day is not None}


def _made_on(path: Path) -> date | None:
    return _date(path.stem.partition("_made_")[2])


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if text == day.isoformat() else None


def _read(path: Path, day: date) -> pd.DataFrame:
    try:
        return ledger_from_bytes(path.read_bytes(), as_of=day)
    except Exception as error:  # the reader of the format raises its own kinds
        told = " ".join(str(error).split())[:300] or type(error).__name__
        # Scores of a day that is past can be made again, but they lie apart: the file itself would stay as it is.
        past = path.parent.name != MADE_LATER and max(_days(path.parent)) > day
        mend = "Put back a copy of it, or remove it" if past else f"Make them again: funnelml score --as-of {day}"
        raise SourceError(f"{path} does not hold the scores of {day}, or is damaged: {told}. {mend}") from None
