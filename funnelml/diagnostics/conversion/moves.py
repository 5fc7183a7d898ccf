"""Moves made in a period: of those who left a stage in it, how many went on and how many fell out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.diagnostics.conversion.waits import share_of
from funnelml.history.episodes import ADVANCED, CENSORED, LOST_EVENT, MOVED_BACK, WON_EVENT, StageEpisodes
from funnelml.history.periods import Periods

MOVE_COLUMNS = (
    "group",
    "period_start",
    "period_end",
    "stage",
    "went_on",
    "fell_out",
    "moved_back",
    "share_going_on",
    "low",
    "high",
    "amount_going_on",
    "amount_falling_out",
    "amount_share",
    "finished",
)


def count_moves(
    episodes: StageEpisodes, periods: Periods, *, group: pd.Series, amount: pd.Series, level: float
) -> pd.DataFrame:
    """Count how the stays that ended in each period ended.

    Parameters
    ----------
    episodes : StageEpisodes
        All stays as known on one date.
    periods : Periods
        The periods.
    group, amount : pandas.Series
        Group and amount of each record, by record id; an amount that is NaN counts for nothing.
    level : float
        Probability of Wilson's interval.

    Returns
    -------
    pandas.DataFrame
        One row per group, period and stage that anybody left: ``MOVE_COLUMNS``. ``share_going_on`` is
        ``went_on / (went_on + fell_out)``; moves back are shown, and count for neither. A period is ``finished`` if
        it had ended by the as-of date.

    Notes
    -----
    This is the other view of conversion than that by cohort: it follows the calendar, reacts at once and needs no
    waiting, but while more or fewer records come in than usual it is off, since falling out and going on take
    different times.
    """
    stays = episodes.table
    over = (stays["event"] != CENSORED).to_numpy()
    ended, left = stays[over], episodes.ended_at[over]
    money = ended["record_id"].map(amount).fillna(0.0).to_numpy(dtype=float)
    on = ended["event"].isin((ADVANCED, WON_EVENT)).to_numpy()
    out = (ended["event"] == LOST_EVENT).to_numpy()
    rows = pd.DataFrame(
        {
            "group": ended["record_id"].map(group),
            "period": periods.of(left),
            "stage": ended["stage"],
            "went_on": on,
            "fell_out": out,
            "moved_back": (ended["event"] == MOVED_BACK).to_numpy(),
            "amount_going_on": money * on,
            "amount_falling_out": money * out,
        }
    )
    rows = rows[(rows["period"] >= 0) & (rows["period"] < len(periods))]
    table = rows.groupby(["group", "period", "stage"], sort=True).sum().reset_index()
    shares = [share_of(a, a + b, level=level) for a, b in zip(table["went_on"], table["fell_out"], strict=True)]
    table[["share_going_on", "low", "high"]] = np.array(shares, dtype=float).reshape(-1, 3)
    whole = table["amount_going_on"] + table["amount_falling_out"]
    table["amount_share"] = (table["amount_going_on"] / whole.where(whole > 0)).astype(float)
    number = table["period"].to_numpy(dtype=np.int64)
    table["period_start"] = np.array(periods.starts, dtype=object)[number]
    table["period_end"] = np.array(periods.ends, dtype=object)[number]
    table["finished"] = periods.bounds[number + 1] <= episodes.cut
    order = {stage: i for i, stage in enumerate(episodes.funnel.stages)}
    table = table.sort_values(["group", "period", "stage"], key=lambda c: c.map(order) if c.name == "stage" else c)
    return table[list(MOVE_COLUMNS)].reset_index(drop=True)
