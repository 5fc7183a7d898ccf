"""Cells that could not be read, with the reason and what was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

SET_ASIDE = "row set aside"
LEFT_OUT = "value left out"
REJECT_COLUMNS = ("source", "row", "column", "value", "reason", "action")
_LONGEST = 200


def no_rejects() -> pd.DataFrame:
    """Return a table of rejects without rows."""
    return pd.DataFrame({c: pd.Series(dtype="int64" if c == "row" else object) for c in REJECT_COLUMNS})


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
    explain : callable
        Says why a text could not be read; asked once per distinct text.
    """
    hit = column[where]
    texts = ["" if pd.isna(v) else str(v) for v in hit]
    reasons = {t: explain(t) for t in dict.fromkeys(texts)}
    return rejects_of(source, list(hit.index), heading, texts, [reasons[t] for t in texts], action)


def rejects_of(
    source: str,
    rows: Sequence[Any],
    column: str | Sequence[str],
    values: Sequence[str],
    reasons: Sequence[str] | str,
    action: str = SET_ASIDE,
) -> pd.DataFrame:
    """Return rejects from their parts; long values are cut."""
    short = [v if len(v) <= _LONGEST else v[: _LONGEST - 1] + "…" for v in values]
    table = pd.DataFrame(
        {"source": source, "row": rows, "column": column, "value": short, "reason": reasons, "action": action}
    )
    return pd.concat([no_rejects(), table]).astype({"row": "int64"}) if len(table) else no_rejects()


def join_rejects(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put rejects together, in the order of the rows."""
    filled = [p for p in parts if len(p)]
    if not filled:
        return no_rejects()
    return pd.concat(filled, ignore_index=True).sort_values(["source", "row"], kind="stable", ignore_index=True)
