"""Rows to learn from and rows to judge on: the newest as test, or some records at random."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import ModelInputError, NotEnoughDataError
from funnelml.scoring.rows import ScoringRows

EMBARGOED: Final = "label was not yet known when the test begins"
"""Why rows are missing from the training side of a split in time."""


def split_by_time(rows: ScoringRows, *, test_share: float = 0.2) -> tuple[ScoringRows, ScoringRows]:
    """Split rows in time: the newest are the test, and training sees only labels known when it begins.

    Parameters
    ----------
    rows : ScoringRows
        Labelled rows with dates.
    test_share : float
        Share of the rows, by ``at``, that are the test; rows of one instant stay together.

    Returns
    -------
    tuple of ScoringRows
        Training and test. ``dropped`` of the training also counts what it lost, under ``EMBARGOED``.

    Raises
    ------
    ModelInputError
        If rows have no label or no dates, or the share does not lie between 0 and 1.
    NotEnoughDataError
        If there is but one instant, or a side stays empty.

    Notes
    -----
    A record that was still open when the test begins may have rows on both sides: what was learned from it ended
    before, as it has for the records that are scored today. Without its newer rows the test would be one of new records
    only, which convert at other rates than all that are open. Intervals count records, not rows.
    """
    label = _labels_of(rows, test_share)
    if rows.at is None or rows.known_at is None:
        raise ModelInputError("the rows have no dates, so they cannot be split in time; split them at random")
    instants, counts = np.unique(rows.at, return_counts=True)
    if len(instants) < 2:
        raise NotEnoughDataError(
            f"all {len(label):,} rows are of one instant; a split in time takes at least two as-of dates"
        )
    shares = counts[::-1].cumsum()[::-1] / len(label)
    first = instants[1 + int(np.abs(shares[1:] - test_share).argmin())]
    older = rows.at < first
    known = older & (rows.known_at <= first)
    if not known.any():
        raise NotEnoughDataError(
            f"of none of {int(older.sum()):,} older rows was the label known when the test begins; "
            "take a shorter horizon, or as-of dates further back"
        )
    return _side(rows, known, {EMBARGOED: int((older & ~known).sum())}), _side(rows, ~older, {})


def split_at_random(rows: ScoringRows, *, test_share: float = 0.2, seed: int = 0) -> tuple[ScoringRows, ScoringRows]:
    """Split records at random, all rows of a record on one side.

    Parameters
    ----------
    rows : ScoringRows
        Labelled rows.
    test_share : float
        Share of the records that are the test.
    seed : int
        The same seed gives the same split, whatever the order of the rows.

    Returns
    -------
    tuple of ScoringRows
        Training and test.

    Raises
    ------
    ModelInputError
        If rows have no label, or the share does not lie between 0 and 1.
    NotEnoughDataError
        If a side stays empty.
    """
    _labels_of(rows, test_share)
    codes, records = pd.factorize(rows.record_id)
    by_name = np.argsort(np.array([str(record) for record in records]), kind="stable")
    number = round(test_share * len(records))
    if not 0 < number < len(records):
        raise NotEnoughDataError(
            f"{len(records):,} records cannot be split at random with a test share of {test_share}"
        )
    drawn = np.zeros(len(records), dtype=bool)
    drawn[by_name[np.random.default_rng(seed).permutation(len(records))[:number]]] = True
    test = drawn[codes]
    return _side(rows, ~test, {}), _side(rows, test, {})


def _labels_of(rows: ScoringRows, test_share: float) -> NDArray[np.float64]:
    if not 0 < test_share < 1:
        raise ModelInputError(f"test_share is {test_share}; it must lie between 0 and 1")
    if rows.label is None:
        raise ModelInputError("the rows have no label; a score is judged on rows whose outcome is known")
    return rows.label


def _side(rows: ScoringRows, which: NDArray[Any], lost: Mapping[str, int]) -> ScoringRows:
    return replace(rows.take(which), dropped={**rows.dropped, **lost})
