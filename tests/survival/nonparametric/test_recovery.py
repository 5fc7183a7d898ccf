"""Incidences find the truth of a synthetic world, and their intervals hold it as often as they say.

A cheap version of ``benchmarks/incidence_recovery.py``, whose limits are those of chance with so few seeds.
"""

from __future__ import annotations

import numpy as np
import pytest

from funnelml.history.episodes import stage_episodes
from funnelml.history.history import History
from funnelml.schema import DAY
from funnelml.survival.incidence import curve_of
from funnelml.survival.nonparametric.bands import pointwise_band
from funnelml.survival.nonparametric.stage_incidence import OUTCOMES, stage_incidence
from funnelml.survival.stays import read_stays
from funnelml.synthetic import Arrivals, plain_world, simulate_crm, true_stage_incidence
from funnelml.synthetic.market import build_market
from funnelml.synthetic.parameters import EVERY_DAY

ON_DAYS, LONGEST, SEEDS = np.array([14, 30, 60]), 150, 100
WORLD = plain_world(
    days=400,
    future_days=LONGEST + 30,
    time_zone="UTC",
    arrivals=Arrivals(per_day=8.0, weekday=EVERY_DAY, dispersion=0.0, yearly_growth=0.0),
)
STAGES = WORLD.funnel.stages


@pytest.fixture(scope="module")
def truth():
    """Incidence of every stage by whole days, shape (stages, 5, 1 + LONGEST)."""
    market = build_market(WORLD, np.zeros(-(-WORLD.total_days // 7)))
    place, quality = np.arange(len(STAGES)), np.zeros(len(STAGES))
    start, days = np.zeros(len(STAGES), dtype=np.int64), np.arange(LONGEST + 1)
    return true_stage_incidence(market, stage=place, entered_day=start, days=days, quality=quality)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_whole_crm_lies_within_four_standard_errors_of_the_truth(truth, seed):
    """The world's clock has days only, so its log is read by day: age 14 is the fourteenth day after entry."""
    log = simulate_crm(WORLD, seed=seed).tables["stage_changes"]
    by_day = {name: log[name] // DAY * DAY for name in ("entered_at", "recorded_at")}
    tables = {"stage_changes": log.assign(**by_day)}
    history = History(tables=tables, funnels=(WORLD.funnel,), time_zone="UTC", grain="day")
    incidence = stage_incidence(stage_episodes(history, as_of=WORLD.as_of))
    counts = incidence.counts.set_index("stage")
    checked = 0
    for _, row in incidence.at(ON_DAYS).iterrows():
        if row["outcome"] == "still_in_stage" or counts.loc[row["stage"], row["outcome"]] < 50:
            continue
        true = truth[STAGES.index(row["stage"]), OUTCOMES.index(row["outcome"]), int(row["days"])]
        assert abs(row["incidence"] - true) < 4 * row["std_err"], (row["stage"], row["outcome"], row["days"])
        checked += 1
    assert checked >= 36


def draw_curve(truth, n, seed):
    """Estimate from n stays drawn by day, seen for 20 to 150 days; a fifth come under observation late."""
    rng = np.random.default_rng([n, seed])
    cells = np.diff(truth[1:], axis=1, prepend=0.0).ravel()
    cell = np.searchsorted(np.cumsum(cells), rng.random(n), side="right")
    ends = cell < len(cells)
    age = np.where(ends, cell % (LONGEST + 1), LONGEST + 1)
    cause = np.where(ends, 1 + cell // (LONGEST + 1), 0)
    last = rng.integers(20, LONGEST + 1, n)
    entry = np.where(rng.random(n) < 0.2, rng.integers(1, 15, n), 0)
    seen, watched = age <= last, (age > entry) & (last > entry)
    duration, event = np.where(seen, age, last + 0.5), np.where(seen, cause, 0)
    stays = read_stays(duration[watched], event[watched], entry=entry[watched], n_causes=4)
    return stays, curve_of(stays)


@pytest.mark.parametrize("stage", [0, 3])
def test_errors_vanish_on_average_and_halve_with_four_times_the_stays(truth, stage):
    # In a short stage a small sample may not be followed to day 60.
    days = ON_DAYS[:2]
    true = truth[stage, 1:, days].T
    occurs = true[:, 1] > 0
    errors = {}
    for n in (1_000, 4_000):
        errors[n] = np.array([draw_curve(truth[stage], n, seed)[1](days)[1:] for seed in range(SEEDS)]) - true
    mean, spread = errors[4_000].mean(axis=0), errors[4_000].std(axis=0, ddof=1)
    # Four standard errors of a mean of 100.
    assert (np.abs(mean) <= 0.0005 + 4 * spread / np.sqrt(SEEDS)).all()
    rms = {n: np.sqrt((e[:, occurs] ** 2).mean()) for n, e in errors.items()}
    # Each root mean square is known to 7 % from 100 seeds and no worse for pooling causes and days.
    assert rms[4_000] / rms[1_000] == pytest.approx(0.5, abs=4 * 0.5 * 0.07 * np.sqrt(2))


@pytest.mark.parametrize("stage", [1, 4])
def test_intervals_of_one_day_hold_the_truth_as_often_as_they_say(truth, stage):
    held = []
    for seed in range(SEEDS):
        stays, curve = draw_curve(truth[stage], 600, seed)
        low, high = pointwise_band(stays, curve, np.array([30.0]), level=0.9)
        held.append((low[:, 0] <= truth[stage, :, 30]) & (truth[stage, :, 30] <= high[:, 0]))
    covered = np.mean(held, axis=0)
    # 86 to 94 %, and three standard errors of a share of 100.
    assert (covered >= 0.86 - 3 * 0.03).all()
    often = truth[stage, :, 30] * 600 > 50
    assert often.sum() >= 2
    assert (covered[often] <= 0.94 + 3 * 0.03).all()
