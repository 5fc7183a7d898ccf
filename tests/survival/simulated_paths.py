"""The stage model's own process, drawn path by path and age by age: slow, plain, and without the renewal equation."""

from __future__ import annotations

import numpy as np

from funnelml.survival.calendar import local_days
from funnelml.survival.ratios.pieces import BANDS, N_BANDS


def simulate_wins(model, row, *, paths, horizon, seed):
    """Draw when one record is won, in days ahead; infinite where it is not within the horizon.

    A path leaves its stage at the first age at which the summed hazards pass a standard exponential.
    """
    generator = np.random.default_rng(seed)
    whole_days = model.grain_ == "day"
    now, place = np.zeros(paths), np.full(paths, int(row.place[0]))
    age = np.full(paths, float(row.age[0]))
    won = np.full(paths, np.inf)
    going, first = np.arange(paths), True
    while len(going):
        for stage in np.unique(place[going]):
            here = going[place[going] == stage]
            of = model.hazards_[model.stages_[stage]]
            since = np.maximum(age[here[0]], 0.0)
            reached = of.ages > (age[here[0]] if first else -1.0)
            ages, push = of.ages[reached], np.diff(of.leaving, axis=0)[reached]
            # Days of waiting: in whole days the first unknown day is 0.
            wait = ages - np.ceil(since) if whole_days else ages - since
            if not first:
                wait = ages
            inside = wait <= horizon
            wait, push = wait[inside], push[inside]
            push = push * _ratios(model, row, int(stage), wait, first=first, whole_days=whole_days)
            going_to, cause = _leave(generator, model, row, now[here], wait, push)
            now[here] += going_to
            for k in (1, 4):
                moved = here[cause == k]
                chances = np.cumsum(model.towards_[stage, int(k == 4)])
                place[moved] = np.minimum(np.searchsorted(chances, generator.random(len(moved)), side="right"), 99)
            won[here[cause == 2]] = now[here[cause == 2]]
            place[here[(cause != 1) & (cause != 4)]] = -1
        going = going[(place[going] >= 0) & (now[going] < horizon)]
        first = False
    return won


def _ratios(model, row, stage, wait, *, first, whole_days):
    if model.ratios_ is None:
        return 1.0
    seen = row if first else model.typical_.rows(row, model.stages_[stage])
    by_band = np.concatenate([model.ratios_.ratios(seen, np.array([0]), np.array([band])) for band in range(N_BANDS)])
    # An end just after so many days lies in the next band; in whole days the day itself does.
    band = np.searchsorted(BANDS, wait, side="right" if whole_days else "left") - 1
    return by_band[np.maximum(band, 0)]


def _leave(generator, model, row, now, wait, push):
    """Return how many days each path waits, and for what cause it leaves; 0 if it stays beyond the horizon."""
    gone, cause = np.full(len(now), np.inf), np.zeros(len(now), dtype=int)
    if not len(wait):
        return gone, cause
    for begin in range(0, len(now), 2_000):
        part = slice(begin, begin + 2_000)
        each = np.broadcast_to(push, (len(now[part]), *push.shape))
        if model.calendar_ is not None:
            day = local_days(row.at, row.time_zone)[0] + np.floor(now[part][:, None] + wait).astype(np.int64)
            each = each * np.moveaxis(model.calendar_.on(day.ravel()).reshape(-1, *day.shape), 0, 2)
        summed = np.cumsum(each.sum(axis=2), axis=1)
        limit = generator.exponential(size=len(summed))
        at = (summed <= limit[:, None]).sum(axis=1)
        left = np.flatnonzero(at < len(wait))
        shares = np.cumsum(each[left, at[left]], axis=1)
        drawn = generator.random(len(left)) * shares[:, -1]
        gone[part][left] = wait[at[left]]
        cause[part][left] = 1 + (drawn[:, None] >= shares).sum(axis=1)
    return gone, cause
