"""How much a change of conversion costs: in shares, in records and in amount, each with an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from funnelml.diagnostics.changes.scan import FloatArray
from funnelml.history.closings import follow_to_closing
from funnelml.history.episodes import ADVANCED, CENSORED, WON_EVENT, StageEpisodes
from funnelml.history.snapshot import Snapshot

QUARTER_WEEKS: Final = 13
TYPICAL_SHIFT: Final = 0.35
"""Standard deviation of lasting changes on the logit scale, before any is seen: 60 % to 52 % is an ordinary one."""
_DRAWS: Final = 4_000


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one record that goes on from each stage is worth.

    Parameters
    ----------
    wins, tries : numpy.ndarray, shape (stages,)
        Records that went on from the stage and were won, of those that went on long enough ago for nine in ten to be
        closed by now.
    amount, amount_error : numpy.ndarray, shape (stages,)
        Mean amount of those that were won, and its standard error; NaN if no amount is known.
    """

    wins: FloatArray
    tries: FloatArray
    amount: FloatArray
    amount_error: FloatArray


def value_stages(episodes: StageEpisodes, snapshot: Snapshot) -> Worth:
    """Return what a record that goes on from each stage of the funnel is worth later."""
    stays, followed = episodes.table, follow_to_closing(episodes)
    event, closing = stays["event"].to_numpy(), followed["event"].to_numpy()
    amounts = snapshot.records.set_index("record_id")["amount"].reindex(stays["record_id"]).to_numpy()
    remaining = followed["close_days"].to_numpy() - stays["duration_days"].to_numpy()
    since = followed["followable_days"].to_numpy() - stays["duration_days"].to_numpy()
    went_on = np.isin(event, (ADVANCED, WON_EVENT))
    stage = stays["stage"].map(episodes.funnel.order).to_numpy()
    k = len(episodes.funnel.stages)
    wins, tries, mean, error = np.zeros(k), np.zeros(k), np.full(k, np.nan), np.full(k, np.nan)
    for s in range(k):
        rows = went_on & (stage == s)
        closed = rows & (closing != CENSORED)
        if closed.any():
            # The young ones that are closed already are the quick ones; of the old ones those still open count too.
            old = rows & (since >= np.quantile(remaining[closed], 0.9))
            closed = old if old.sum() >= 20 else closed
        won = closed & (closing == WON_EVENT)
        wins[s], tries[s] = won.sum(), closed.sum()
        known = amounts[won & ~np.isnan(amounts)]
        if len(known):
            mean[s] = known.mean()
            error[s] = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else mean[s]
    return Worth(wins=wins, tries=tries, amount=mean, amount_error=error)


def size_change(
    *,
    shift: float,
    error: float,
    went_on: FloatArray,
    ended: FloatArray,
    per_quarter: FloatArray,
    worth: Worth,
    level: float,
    seed: int,
) -> dict[str, float]:
    """Return what a lasting change of the share that goes on means.

    Parameters
    ----------
    shift, error : float
        Estimated change of the log odds, and its standard error.
    went_on, ended : numpy.ndarray, shape (stages,)
        Stays of each stage that went on, and all that ended, before the change; 0 in a stage that is not concerned.
    per_quarter : numpy.ndarray, shape (stages,)
        Stays that end in each stage in 13 weeks, after the change.
    worth : Worth
        What a record that goes on is worth.
    level : float
        Level of the intervals.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict of str to float
        ``share_before``, and ``share_now``, ``records`` (that go on more, or less, a quarter), ``wins`` and ``amount``
        (the same, of wins and of amount won) each with ``_low`` and ``_high``.

    Notes
    -----
    A change is reported because it looked large, so its estimate is drawn towards 0 by the prior ``Normal(0,
    TYPICAL_SHIFT ** 2)``: a posterior is not biased by selection if the prior is right (Dawid 1994), which is
    measured by the coverage of these intervals in the synthetic CRM.
    """
    rng = np.random.default_rng(seed)
    keep = TYPICAL_SHIFT**2 / (TYPICAL_SHIFT**2 + error**2)
    shifts = keep * shift + np.sqrt(keep) * error * rng.standard_normal((_DRAWS, 1))
    before = rng.beta(went_on + 0.5, ended - went_on + 0.5, (_DRAWS, len(ended)))
    now = expit(logit(before) + shifts)
    records = per_quarter * (now - before)
    wins = records * rng.beta(worth.wins + 0.5, worth.tries - worth.wins + 0.5, (_DRAWS, len(ended)))
    amount = wins * (worth.amount + worth.amount_error * rng.standard_normal((_DRAWS, len(ended))))
    # A stage without exits neither gains nor loses, whether an amount is known there or not.
    amount = np.where(per_quarter > 0, amount, 0.0)
    mix = ended / ended.sum()
    told = {"share_before": float(went_on.sum() / ended.sum())}
    for name, draws in (("share_now", now @ mix), ("records", records.sum(axis=1)), ("wins", wins.sum(axis=1))):
        told |= _interval(name, draws, level)
    return told | _interval("amount", amount.sum(axis=1), level)


def _interval(name: str, draws: FloatArray, level: float) -> dict[str, float]:
    low, middle, high = np.quantile(draws, [(1 - level) / 2, 0.5, (1 + level) / 2])
    return {name: float(middle), f"{name}_low": float(low), f"{name}_high": float(high)}
