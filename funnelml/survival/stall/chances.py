"""What a stage model says of every running stay: chances to go on, to end, to be won, and the days that are left."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from funnelml.history.episodes import ADVANCED, LOST_EVENT, WON_EVENT
from funnelml.survival.risk_sets import FloatArray
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stay_rows import StayRows

MOVE_DAYS: Final = (14.0, 30.0, 60.0)
"""Days ahead for which the chances to move are told."""
REACH_DAYS: Final = 180.0
"""Days ahead to which the expected days left are counted: a mean without an end is not known from a log with one."""
_WEEKS: Final = 26
"""Weeks ahead in which the day is sought on which a chance to be won falls under the floor."""
_GONE: Final = 0.01
"""Chance to be still there under which the expected days left are told without "at least"."""


@dataclass(frozen=True, kw_only=True)
class StayChances:
    """Chances of running stays.

    Parameters
    ----------
    move : numpy.ndarray, shape (n, 3)
        To go on (advance or be won) within ``MOVE_DAYS``.
    leave : numpy.ndarray, shape (n, 3)
        To leave the stage in any way within ``MOVE_DAYS``.
    lost : numpy.ndarray, shape (n,)
        To be lost from this stage within the last of ``MOVE_DAYS``.
    won : numpy.ndarray, shape (n,)
        To be won within the horizon, through all remaining stages.
    fresh_move : numpy.ndarray, shape (n,)
        To go on within 30 days, had the record entered its stage just now.
    days_left : numpy.ndarray, shape (n,)
        Expected days in the stage from now on, counted up to ``REACH_DAYS`` or to the end of what was observed.
    at_least : numpy.ndarray of bool, shape (n,)
        Whether some would stay beyond that, so that the expected days are at least these.
    floor_in : numpy.ndarray, shape (n,)
        Days from now, in steps of a week, after which the chance to be won within the horizon is under the floor if the
        record still sits there: 0 if it is by now, NaN if it is not within what was observed.
    """

    move: FloatArray
    leave: FloatArray
    lost: FloatArray
    won: FloatArray
    fresh_move: FloatArray
    days_left: FloatArray
    at_least: NDArray[np.bool_]
    floor_in: FloatArray


def foresee_stays(
    model: StageModel, rows: StayRows, *, read_at: FloatArray, win_days: float, floor: float
) -> StayChances:
    """Read the chances of running stays from a fitted model.

    Parameters
    ----------
    model : StageModel
        Fitted on what was known when the rows were seen.
    rows : StayRows
        n running stays.
    read_at : numpy.ndarray, shape (n,)
        Age at which the chances are read: its own, or a younger one where nobody showed what comes after it.
    win_days : float
        Days of the horizon within which a record is to be won.
    floor : float
        Chance to be won under which a record is hopeless.

    Returns
    -------
    StayChances
    """
    days = np.arange(REACH_DAYS + 1)
    asked = replace(rows, age=read_at)
    incidence = model.predict_cumulative_incidence(asked, days)
    at = np.searchsorted(days, MOVE_DAYS)
    won = model.predict_won_by(asked, [win_days])[:, 0]
    days_left, at_least = _days_left(incidence[:, 0], model.days_observed(asked))
    return StayChances(
        move=incidence[:, ADVANCED, at] + incidence[:, WON_EVENT, at],
        leave=1 - incidence[:, 0, at],
        lost=incidence[:, LOST_EVENT, at[-1]],
        won=won,
        fresh_move=_if_fresh(model, rows),
        days_left=days_left,
        at_least=at_least,
        floor_in=_days_to_floor(model, rows, won, win_days=win_days, floor=floor),
    )


def _days_left(still: FloatArray, observed: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the area under the chance to be still there, and whether it goes on beyond what is counted."""
    until = np.minimum(np.floor(observed), REACH_DAYS).astype(np.int64)
    area = np.concatenate((np.zeros((len(still), 1)), np.cumsum((still[:, :-1] + still[:, 1:]) / 2, axis=1)), axis=1)
    row = np.arange(len(still))
    return area[row, until], still[row, until] > _GONE


def _if_fresh(model: StageModel, rows: StayRows) -> FloatArray:
    fresh = np.zeros(len(rows))
    for place in np.unique(rows.place):
        mine = np.flatnonzero(rows.place == place)
        entering = model.typical_.rows(rows.take(mine), rows.stages[place])
        soon = model.predict_cumulative_incidence(entering, [MOVE_DAYS[1]])[:, :, 0]
        fresh[mine] = soon[:, ADVANCED] + soon[:, WON_EVENT]
    return fresh


def _days_to_floor(model: StageModel, rows: StayRows, now: FloatArray, *, win_days: float, floor: float) -> FloatArray:
    """Return the days to a week on which the chance falls under the floor, found by halving."""
    # Which calendar days will follow a later date is another question: here an average one.
    ageing = copy.copy(model)
    ageing.calendar_ = None

    def under(which: NDArray[np.intp], weeks: FloatArray) -> NDArray[np.bool_]:
        older = replace(rows.take(which), age=rows.age[which] + 7.0 * weeks)
        return np.asarray(ageing.predict_won_by(older, [win_days])[:, 0] < floor)

    last = np.minimum(np.floor((model.days_observed(rows) - win_days) / 7.0), float(_WEEKS))
    answer = np.where((last >= 0) & (now < floor), 0.0, np.nan)
    open_yet = np.flatnonzero((last >= 1) & (now >= floor))
    open_yet = open_yet[under(open_yet, last[open_yet])]
    above, below = np.zeros(len(open_yet)), last[open_yet]
    while (wide := np.flatnonzero(below - above > 1)).size:
        middle = np.floor((above[wide] + below[wide]) / 2)
        fallen = under(open_yet[wide], middle)
        below[wide] = np.where(fallen, middle, below[wide])
        above[wide] = np.where(fallen, above[wide], middle)
    answer[open_yet] = 7.0 * below
    return answer
