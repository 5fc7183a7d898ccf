"""Simple forecasts with a name: what the model must beat, each for its own target.

Open pipeline (what the records open today will book):

``win_rate_x_amount``
    Share won of all closed records, times the amount of all open ones.
``stage_weighted``
    Sum of amount times the share won of the closed records that were ever in the stage.
``stage_amount_time_weighted``
    As above by stage and amount band (thirds of the closed amounts), times the share of the stage's wins that came
    within the horizon's length of entering the stage. Bands with fewer than ``LEAST_CLOSED`` closed records fall
    back on the stage.
``crm_probability``
    Sum of amount times the CRM's own probability: the record's, else its stage's from the settings. Only where every
    open record has one.

All bookings (target ``total``: also from records that do not exist yet):

``run_rate``
    Bookings per day over the last 91 days (or since the log began, if that is shorter), times the horizon's length.
``same_period_last_year``
    Bookings of the same dates a year before. Only where the log reaches back that far.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from funnelml.history.dates import Horizon, instant_of
from funnelml.history.episodes import LOST_EVENT, WON_EVENT
from funnelml.history.funnel import LOST, WON
from funnelml.history.snapshot import Snapshot
from funnelml.schema import DAY

LEAST_CLOSED: Final = 10
"""Closed records under which a band is read from its whole stage."""
RUN_RATE_DAYS: Final = 91
"""Days over which the run rate is taken: a quarter."""


def open_pipeline_baselines(snapshot: Snapshot, followed: pd.DataFrame, *, horizon_days: float) -> dict[str, float]:
    """Return the baselines of the target ``open_pipeline``.

    Parameters
    ----------
    snapshot : Snapshot
        Everything known on the as-of date; open records without an amount count with the mean of the others.
    followed : pandas.DataFrame
        Every stay followed to its closing (``follow_to_closing``), as known on the same date.
    horizon_days : float
        Length of the horizon in days.

    Returns
    -------
    dict of str to float
        Expected bookings by name of the baseline.
    """
    records = snapshot.open
    records = records.assign(amount=records["amount"].fillna(records["amount"].mean()))
    state = snapshot.records["stage"]
    win_rate = (state == WON).sum() / state.isin((WON, LOST)).sum()
    closed = followed[followed["event"].isin((WON_EVENT, LOST_EVENT)) & (followed["visit"] == 1)]
    by_stage = (closed["event"] == WON_EVENT).groupby(closed["stage"]).mean()
    stage_rate = records["stage"].map(by_stage).fillna(win_rate)
    answers = {
        "win_rate_x_amount": float(win_rate * records["amount"].sum()),
        "stage_weighted": float((records["amount"] * stage_rate).sum()),
        "stage_amount_time_weighted": _banded(snapshot, records, closed, stage_rate, horizon_days),
    }
    crm = records["probability"].fillna(records["stage"].map(dict(snapshot.funnel.probabilities)))
    if crm.notna().all():
        answers["crm_probability"] = float((records["amount"] * crm).sum())
    return answers


def total_baselines(snapshot: Snapshot, horizon: Horizon, *, known_from: int, time_zone: str) -> dict[str, float]:
    """Return the baselines of the target ``total``.

    Parameters
    ----------
    snapshot : Snapshot
        Everything known on the as-of date.
    horizon : Horizon
        As-of date and end.
    known_from : int
        First recorded instant (microseconds): nothing is read from before it.
    time_zone : str
        Zone in which a day begins.

    Returns
    -------
    dict of str to float
        Expected bookings by name; a baseline that the log is too short for is left out.
    """
    days = min(RUN_RATE_DAYS, (snapshot.cut - known_from) / DAY)
    recent = snapshot.won_between(snapshot.cut - int(days * DAY), snapshot.cut)
    answers = {"run_rate": float(recent["amount"].sum() / days * horizon.days)}
    start, end = (instant_of(_year_before(d), time_zone) for d in (horizon.start, horizon.end))
    if start >= known_from and end <= snapshot.cut:
        answers["same_period_last_year"] = float(snapshot.won_between(start, end)["amount"].sum())
    return answers


def _banded(
    snapshot: Snapshot,
    records: pd.DataFrame,
    closed: pd.DataFrame,
    stage_rate: pd.Series,
    horizon_days: float,
) -> float:
    amounts = snapshot.records.set_index("record_id")["amount"]
    closed = closed.assign(amount=closed["record_id"].map(amounts), won=closed["event"] == WON_EVENT)
    edges = np.nanquantile(closed["amount"], [1 / 3, 2 / 3]) if closed["amount"].notna().any() else [0.0, 0.0]
    bands = closed.assign(band=np.digitize(closed["amount"], edges)).groupby(["stage", "band"])["won"]
    rates = bands.mean()[bands.size() >= LEAST_CLOSED]
    wins = closed[closed["won"]]
    in_time = (wins["close_days"] < horizon_days).groupby(wins["stage"]).mean()
    keys = pd.MultiIndex.from_arrays([records["stage"], np.digitize(records["amount"], edges)])
    rate = pd.Series(rates.reindex(keys).to_numpy(), index=records.index).fillna(stage_rate)
    return float((records["amount"] * rate * records["stage"].map(in_time).fillna(0.0)).sum())


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)
