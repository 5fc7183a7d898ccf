"""One row per group, cohort, stage and definition: how many came in, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pandas as pd
from scipy import sparse

from funnelml.diagnostics.conversion.paths import CONVERTED, FELL_OUT, STILL_IN
from funnelml.diagnostics.conversion.waits import NAN, chance_by, days_to_mature, share_of
from funnelml.diagnostics.record_bootstrap import central_interval, draw_record_weights

GOALS = ("next", "won")
KEYS = ("group", "period", "rank", "definition")


def mature_days(paths: pd.DataFrame) -> dict[tuple[int, str, str], float]:
    """Return the days in which nine in ten of those who convert have done so, by stage, definition and goal.

    Parameters
    ----------
    paths : pandas.DataFrame
        ``StagePaths.table``.

    Returns
    -------
    dict
        Days by position of the stage, definition and goal (``next`` or ``won``); NaN where too few converted.
    """
    out = {}
    for key, part in paths.groupby(["rank", "definition"]):
        rank, definition = cast(tuple[int, str], key)
        for to in GOALS:
            columns = (part[c].to_numpy() for c in (f"{to}_days", f"{to}_event", "late_days"))
            out[rank, definition, to] = days_to_mature(*columns)
    return out


def convert_rows(
    paths: pd.DataFrame,
    mature: dict[tuple[int, str, str], float],
    stages: Sequence[str],
    *,
    weigh_amounts: bool,
    horizon_days: float | None,
    level: float,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Work out the conversion of each group, period, stage and definition, to the next stage and to the win.

    Parameters
    ----------
    paths : pandas.DataFrame
        ``StagePaths.table`` with ``group, period`` (number of the cohort) and ``amount`` (NaN if unknown).
    mature : dict
        As ``mature_days`` returns it.
    stages : sequence of str
        The stages in order.
    weigh_amounts : bool
        Whether to work out ``amount_conversion`` as well, at twice the cost.
    horizon_days : float or None
        Days by which the conversion is read, unless the cohort is younger; its own age if None.
    level : float
        Probability of the intervals.
    draws, seed : int
        Repetitions and seed of the bootstrap of the shares of amounts.

    Returns
    -------
    pandas.DataFrame
        ``group, period, stage, definition, to`` and the columns of ``Conversion.overall``.
    """
    paths = paths.sort_values(list(KEYS), kind="stable", ignore_index=True)
    record, _ = pd.factorize(paths["record_id"])
    columns = {c: paths[c].to_numpy() for c in paths.columns}
    amount = np.nan_to_num(columns["amount"].astype(float))
    cells = {key: np.asarray(rows) for key, rows in paths.groupby(list(KEYS), sort=True).indices.items()}
    rows = []
    for key, where in cells.items():
        group, period, rank, definition = cast(tuple[str, int, int, str], key)
        age = float(np.median(columns["followable_days"][where]))
        by_day = age if horizon_days is None else min(age, horizon_days)
        for to in GOALS:
            days, event = columns[f"{to}_days"][where], columns[f"{to}_event"][where]
            late, weight = columns["late_days"][where], amount[where]
            counts = [int((event == code).sum()) for code in (CONVERTED, FELL_OUT, STILL_IN)]
            settled = mature[rank, definition, to]
            chances = chance_by(days, event, late, by_day=by_day, level=level, cluster=record[where])
            priced = (
                chance_by(days, event, late, by_day=by_day, level=level, cluster=record[where], weights=weight)
                if weigh_amounts
                else ()
            )
            rows.append(
                (
                    *(group, period, stages[rank], definition, to, len(where), *counts),
                    *share_of(counts[0], len(where), level=level),
                    *share_of(counts[0], counts[0] + counts[1], level=level),
                    *(*chances, age, settled, not age >= settled),
                    *(int((weight == 0).sum()), weight.sum(), weight[event == CONVERTED].sum()),
                    *priced[:3],
                )
            )
    table = pd.DataFrame(rows, columns=[*COLUMNS, *(AMOUNT_COLUMNS if weigh_amounts else ())])
    shares = _amount_shares(amount, record, columns, list(cells.values()), level=level, draws=draws, seed=seed)
    return pd.concat([table, shares], axis=1)


COLUMNS = (
    *("group", "period", "stage", "definition", "to", "entered", "converted", "lost", "still_open"),
    *("share_of_all", "share_of_all_low", "share_of_all_high"),
    *("share_of_closed", "share_of_closed_low", "share_of_closed_high"),
    *("conversion", "low", "high", "by_day", "age_days", "mature_days", "immature"),
    *("without_amount", "amount_entered", "amount_converted"),
)
AMOUNT_COLUMNS = ("amount_conversion", "amount_conversion_low", "amount_conversion_high")


def _amount_shares(
    amount: np.ndarray,
    record: np.ndarray,
    columns: dict[str, np.ndarray],
    cells: list[np.ndarray],
    *,
    level: float,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """Return amount converted by amount entered, with the interval of the bootstrap by record."""
    n_cells, n_records = len(cells), int(record.max(initial=-1)) + 1
    where = np.concatenate([np.zeros(0, dtype=np.int64), *cells])
    cell = np.repeat(np.arange(n_cells), [len(c) for c in cells])
    weights = draw_record_weights(n_records, draws=draws, seed=seed)

    def sums(part: np.ndarray) -> np.ndarray:
        shape = (n_cells, n_records)
        matrix = sparse.csr_matrix((amount[where] * part[where], (cell, record[where])), shape=shape)
        return np.vstack((np.asarray(matrix.sum(axis=1)).T, (matrix @ weights.T).T))

    entered = sums(np.ones(len(amount)))
    shares = np.full((2 * n_cells, 3), NAN)
    for i, to in enumerate(GOALS):
        converted = sums(columns[f"{to}_event"] == CONVERTED)
        ratio = np.divide(converted, entered, out=np.full_like(entered, NAN), where=entered > 0)
        low, high = central_interval(ratio[1:], level) if n_cells else (ratio[0], ratio[0])
        shares[i::2] = np.column_stack((ratio[0], low, high))
    return pd.DataFrame(shares, columns=["amount_share", "amount_share_low", "amount_share_high"])
