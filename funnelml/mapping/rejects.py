"""Cells that could not be read, with the reason and what was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

SET_ASIDE = "row set aside"
LEFT_OUT = "value left out"
_TEXTS = ("source", "column", "value", "reason", "action")
_LONGEST = 200


def no_rejects() -> pd.DataFrame:
    """Return a table of rejects without rows: ``source, row, column, value, reason, action``."""
    return rejects_of("", [], "", [], [], "")


def reject_cells(
    column: pd.Series,
    where: npt.NDArray[np.bool_],
    *,
    source: str,
    heading: str,
    explain: Callable[[str], str],
    action: str = SET_ASIDE,
) -> pd.DataFrame:
    """Return one reject per marked cell.

    Parameters
    ----------
    column : pandas.Series
        The raw column; its index is the row in the file.
    where : numpy.ndarray of bool
        The cells.
    source, heading : str
        Names in the rejects.
    explain : callable
        Says why a text could not be read; asked once per distinct text.
    action : str
        What was done.
    """
    hit = column[where]
    texts = ["" if pd.isna(v) else str(v) for v in hit]
    reasons = {t: explain(t) for t in dict.fromkeys(texts)}
    return rejects_of(source, list(hit.index), heading, texts, [reasons[t] for t in texts], action)


def rejects_of(
    source: str,
    rows: Sequence[Any],
    column: str,
    values: Sequence[str],
    reasons: Sequence[str],
    action: str = SET_ASIDE,
) -> pd.DataFrame:
    """Return rejects from their parts; long values are cut."""
    short = [v if len(v) <= _LONGEST else v[: _LONGEST - 1] + "…" for v in values]
    cells = {"source": source, "row": rows, "column": column, "value": short, "reason": reasons, "action": action}
    return pd.DataFrame(cells).astype({"row": "int64"} | dict.fromkeys(_TEXTS, "object"))


def join_rejects(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put rejects together, in the order of the rows within each source."""
    filled = [p for p in parts if len(p)]
    if not filled:
        return no_rejects()
    joined = pd.concat(filled, ignore_index=True)
    order = pd.Series(pd.factorize(joined["source"])[0])
    return joined.iloc[np.lexsort((joined["row"], order))].reset_index(drop=True)
