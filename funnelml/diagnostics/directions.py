"""Directions of activities: what the team did, told from what the customer did."""

from __future__ import annotations

import pandas as pd

OUTBOUND = frozenset({"outbound", "out", "outgoing", "sent", "呼出", "外呼", "发出", "主动", "去电", "发送"})
"""Directions, in lower case, of what the team did rather than the customer."""


def is_outbound(directions: pd.Series) -> pd.Series:
    """Return whether each activity was the team's doing; False where no direction is known.

    Parameters
    ----------
    directions : pandas.Series
        Directions as people write them: ``Out``, ``呼出``; None if unknown.

    Returns
    -------
    pandas.Series
        bool, with the index of ``directions``.

    Examples
    --------
    >>> is_outbound(pd.Series([" Out", "呼出", "inbound", None])).tolist()
    [True, True, False, False]
    """
    return directions.astype(object).str.strip().str.casefold().isin(OUTBOUND)
