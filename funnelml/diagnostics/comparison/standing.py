"""Where each group stands among all: ranks, who stands out, and the table that says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from funnelml.diagnostics.comparison.estimates import GroupEstimates
from funnelml.diagnostics.comparison.records import PERIODS, ComparedRecords
from funnelml.diagnostics.comparison.shrinkage import FloatArray


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where each group stands among all, from joint draws.

    Parameters
    ----------
    above_chance, below_chance : numpy.ndarray, shape (g,)
        Chance to lie above, or below, the whole by more than the margin.
    stands_out : numpy.ndarray of str, shape (g,)
        ``above``, ``below`` or empty.
    rank, rank_low, rank_high, best_chance : numpy.ndarray, shape (g,)
        Rank (1 is best) with its interval, and chance to be the best; NaN for groups that are not ranked.
    """

    above_chance: FloatArray
    below_chance: FloatArray
    stands_out: NDArray[np.object_]
    rank: FloatArray
    rank_low: FloatArray
    rank_high: FloatArray
    best_chance: FloatArray


def find_standing(
    draws: FloatArray,
    weights: FloatArray,
    ranked: NDArray[np.bool_],
    *,
    margin: float,
    relative: bool,
    more_is_better: bool,
    false_calls: float,
    level: float,
) -> Standing:
    """Say which groups stand out from the whole, and rank them.

    Parameters
    ----------
    draws : numpy.ndarray, shape (d, g)
        Joint draws of the groups' values.
    weights : numpy.ndarray, shape (g,)
        Records of each group: the whole is the mean by these.
    ranked : numpy.ndarray of bool, shape (g,)
        Groups with enough records; the others get no rank and are never called out.
    margin : float
        What is worth naming: a difference, or a share of the whole if ``relative``.
    relative, more_is_better : bool
        How to read differences and ranks.
    false_calls : float
        Expected number of groups that are called out wrongly.
    level : float
        Chance that the interval of a rank holds the rank.

    Returns
    -------
    Standing

    Notes
    -----
    Groups are called out in order of their certainty as long as the sum of the chances that a call is wrong stays
    within ``false_calls``. That is stricter than a false discovery rate, under which a few certain calls pay for a
    doubtful one: here a name is at stake.
    """
    whole = draws @ (weights / weights.sum())
    away = draws - whole[:, None]
    away = away / whole[:, None] if relative else away
    above, below = (away > margin).mean(axis=0), (away < -margin).mean(axis=0)
    wrong = np.where(ranked, 1 - np.maximum(above, below), 1.0)
    order = np.argsort(wrong, kind="stable")
    called = np.zeros(len(order), dtype=bool)
    called[order[np.cumsum(wrong[order]) <= false_calls]] = True
    side = np.where(above >= below, "above", "below")
    rank, low, high, best = (np.full(len(order), np.nan) for _ in range(4))
    if ranked.any():
        sign = -1.0 if more_is_better else 1.0
        places = np.argsort(np.argsort(sign * draws[:, ranked], axis=1), axis=1) + 1
        rank[ranked] = np.argsort(np.argsort(places.mean(axis=0), kind="stable"), kind="stable") + 1
        ends = (0.5 - level / 2, 0.5 + level / 2)
        low[ranked], high[ranked] = np.quantile(places, ends, axis=0, method="inverted_cdf")
        best[ranked] = (places == 1).mean(axis=0)
    return Standing(
        above_chance=above,
        below_chance=below,
        stands_out=np.where(called, side, "").astype(object),
        rank=rank,
        rank_low=low,
        rank_high=high,
        best_chance=best,
    )


def tabulate_groups(
    gathered: ComparedRecords,
    records: pd.DataFrame,
    names: list[str],
    plain: GroupEstimates,
    told: GroupEstimates,
    log_odds: FloatArray | None,
    standing: Standing,
    by: str,
    least: int,
    rate: bool,
) -> pd.DataFrame:
    """Return one row per group, best first or in order of time, as ``Comparison.to_frame`` describes it."""
    value = records.groupby("group")["value"]
    means = value.mean().reindex(names).to_numpy()
    blank = np.full(len(names), np.nan)
    expected = blank
    if log_odds is not None:
        chance = pd.Series(expit(log_odds), index=records.index)
        expected = chance.groupby(records["group"]).mean().reindex(names).to_numpy()
        expected = expected * float(records["value"].mean() / chance.mean()) if chance.mean() > 0 else expected
    table = pd.DataFrame(
        {
            "group": np.array(names, dtype=object),
            "records": value.size().reindex(names).to_numpy(dtype=np.int64),
            "young": gathered.young.reindex(names, fill_value=0).to_numpy(dtype=np.int64),
            "hits": value.sum().reindex(names).to_numpy() if rate else blank,
            "raw": means if rate else np.exp(means),
            "estimate": plain.estimate,
            "low": plain.low,
            "high": plain.high,
            "expected": expected,
            "adjusted": blank if log_odds is None else told.estimate,
            "adjusted_low": blank if log_odds is None else told.low,
            "adjusted_high": blank if log_odds is None else told.high,
            "above_chance": standing.above_chance,
            "below_chance": standing.below_chance,
            "best_chance": standing.best_chance,
            "rank": standing.rank,
            "rank_low": standing.rank_low,
            "rank_high": standing.rank_high,
            "stands_out": standing.stands_out,
        }
    )
    unborn = sorted(set(gathered.young.index) - set(names))
    if unborn:
        only_young = pd.DataFrame(
            {"group": unborn, "records": 0, "young": gathered.young.reindex(unborn).to_numpy(), "stands_out": ""}
        )
        table = pd.concat([table, only_young.reindex(columns=table.columns).astype(table.dtypes)], ignore_index=True)
    table["missing"] = np.maximum(least - table["records"], 0)
    table["mature"] = table["group"].isin(gathered.mature_periods) if by in PERIODS else table["young"] == 0
    order = ["group"] if by in PERIODS else ["rank", "group"]
    return table.sort_values(order, na_position="last", ignore_index=True)
