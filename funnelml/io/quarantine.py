"""What could not be read: when it is too much to go on, and the file in which a person finds it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from funnelml.errors import SourceError


def refuse_unreadable(rejects: pd.DataFrame, *, rows: int, max_unreadable: float, source: str) -> None:
    """Stop if too many rows of a source have something unreadable.

    Parameters
    ----------
    rejects : pandas.DataFrame
        ``row, column, reason, ...``, one row per cell.
    rows : int
        Rows of the source.
    max_unreadable : float
        Largest share of rows.
    source : str
        Name of the source.

    Raises
    ------
    SourceError
        With the three most frequent reasons and the first row of each.
    """
    bad = rejects["row"].nunique()
    if bad <= max_unreadable * rows:
        return
    reasons = rejects.groupby(["column", "reason"], sort=False)["row"].agg(["size", "min"])
    reasons = reasons.sort_values("size", ascending=False, kind="stable")
    told = [
        f"{size:,} times {f'{column}: ' if column else ''}{reason} (first in row {first:,})"
        for (column, reason), (size, first) in zip(reasons.index[:3], reasons.to_numpy(), strict=False)
    ]
    more = f"; and {len(reasons) - 3} more reasons" if len(reasons) > 3 else ""
    raise SourceError(
        f"source '{source}': {bad:,} of {rows:,} rows ({bad / rows:.0%}) have something unreadable, more than "
        f"max_unreadable = {max_unreadable:g}: {'; '.join(told)}{more}. Correct the mapping, or raise the limit"
    )


def write_quarantine(rejects: pd.DataFrame, path: Path) -> Path | None:
    """Write what could not be read to a CSV that Excel opens.

    Parameters
    ----------
    rejects : pandas.DataFrame
        As in :class:`LoadedTables`.
    path : pathlib.Path
        File to write; its folder is made. An older one is replaced, or removed if there is nothing to write.

    Returns
    -------
    pathlib.Path or None
        The file; None if there was nothing to write.
    """
    if rejects.empty:
        path.unlink(missing_ok=True)
        return None
    path.parent.mkdir(parents=True, exist_ok=True)
    safe = rejects.copy()
    for column in safe.columns.drop("row"):
        text = safe[column].astype(str)
        # A spreadsheet would run such a text as a formula.
        safe[column] = text.mask(text.str.match(r"[=+\-@\t\r]"), "'" + text)
    unfinished = path.with_name(f".{path.name}.tmp")
    safe.to_csv(unfinished, index=False, encoding="utf-8-sig")
    unfinished.replace(path)
    return path
