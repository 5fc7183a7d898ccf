"""Do incidences of stages find the truth of a synthetic world, and do their intervals hold what they promise?

The peer is the truth: the exact incidence of ``true_stage_incidence``. First whole CRMs are simulated and read through
``stage_episodes``; then stays are drawn straight from the hazards of each stage, tied by day, censored, a fifth of them
late under observation. Run ``python benchmarks/incidence_recovery.py [SEEDS]``: seeds of the coverage, 400 by default.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from funnelml.history.episodes import StageEpisodes, stage_episodes
from funnelml.history.history import History
from funnelml.schema import DAY
from funnelml.survival.causes import CAUSES, N_CAUSES
from funnelml.survival.curve import CumulativeIncidence
from funnelml.survival.incidence import curve_of
from funnelml.survival.nonparametric.bands import known_records, log_log_band, pointwise_band, simultaneous_band
from funnelml.survival.nonparametric.gray import gray_test
from funnelml.survival.nonparametric.log_rank import log_rank_test
from funnelml.survival.nonparametric.quantiles import first_reached
from funnelml.survival.nonparametric.restricted_mean import area_until
from funnelml.survival.nonparametric.stage_incidence import OUTCOMES, stage_incidence
from funnelml.survival.stays import Stays, read_stays
from funnelml.synthetic import Arrivals, plain_world, simulate_crm, true_stage_incidence
from funnelml.synthetic.market import build_market
from funnelml.synthetic.parameters import EVERY_DAY

ON_DAYS = np.array([14, 30, 60])
LONGEST = 180
MEAN_UNTIL = np.array([60.0])
LEAST_EVENTS = 50
LEVEL, QUANTILE = 0.9, 1.6448536
WORLD = plain_world(
    days=540,
    future_days=LONGEST + 30,
    time_zone="UTC",
    arrivals=Arrivals(per_day=12.0, weekday=EVERY_DAY, dispersion=0.0, yearly_growth=0.0),
)
STAGES = WORLD.funnel.stages


def true_curves() -> np.ndarray:
    """Return the truth of every stage, shape (stages, 5, 1 + LONGEST)."""
    market = build_market(WORLD, np.zeros(-(-WORLD.total_days // 7)))
    place = np.arange(len(STAGES))
    start = np.zeros(len(STAGES), dtype=np.int64)
    days = np.arange(LONGEST + 1)
    return true_stage_incidence(market, stage=place, entered_day=start, days=days, quality=np.zeros(len(STAGES)))


def daily_episodes(seed: int) -> StageEpisodes:
    """Simulate a CRM that knows days only, as the world's own clock does, and read its stays."""
    crm = simulate_crm(WORLD, seed=seed)
    log = crm.tables["stage_changes"]
    by_day = {name: log[name] // DAY * DAY for name in ("entered_at", "recorded_at")}
    history = History(
        tables={"stage_changes": log.assign(**by_day)}, funnels=(WORLD.funnel,), time_zone="UTC", grain="day"
    )
    return stage_episodes(history, as_of=WORLD.as_of)


def draw_stays(truth: np.ndarray, n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw n stays of one stage: whole days, censored by the day on which they are looked at, a fifth late."""
    cells = np.diff(truth[1:], axis=1, prepend=0.0).ravel()
    cell = np.searchsorted(np.cumsum(cells), rng.random(n), side="right")
    ends = cell < len(cells)
    age = np.where(ends, cell % (LONGEST + 1), LONGEST + 1)
    cause = np.where(ends, 1 + cell // (LONGEST + 1), 0)
    seen_until = rng.integers(20, LONGEST + 1, n)
    entry = np.where(rng.random(n) < 0.2, rng.integers(1, 15, n), 0)
    watched = (age > entry) & (seen_until > entry)
    seen = age <= seen_until
    duration = np.where(seen, age, seen_until + 1 - 1 / DAY)
    columns = {"duration": duration, "event": np.where(seen, cause, 0), "entry": entry}
    return {name: column[watched] for name, column in columns.items()}


def draw_curves(truth: np.ndarray, place: int, n: int, seeds: int) -> Iterator[tuple[int, Stays, CumulativeIncidence]]:
    for seed in range(seeds):
        stays = read_stays(**draw_stays(truth[place], n, np.random.default_rng([n, place, seed])), n_causes=N_CAUSES)
        yield seed, stays, curve_of(stays)


def recover_crms(truth: np.ndarray, seeds: int) -> pd.DataFrame:
    """Return the distance to the truth in standard errors of every stage, cause and day, from whole CRMs."""
    parts = []
    for seed in range(seeds):
        incidence = stage_incidence(daily_episodes(seed))
        table = incidence.at(ON_DAYS)
        table = table[table["outcome"] != OUTCOMES[0]].assign(seed=seed)
        events = incidence.counts.set_index("stage")[list(CAUSES)]
        table["events"] = [events.loc[s, o] for s, o in zip(table["stage"], table["outcome"], strict=True)]
        at = zip(table["stage"], table["outcome"], table["days"].astype(int), strict=True)
        table["truth"] = [truth[STAGES.index(s), OUTCOMES.index(o), d] for s, o, d in at]
        parts.append(table[table["events"] >= LEAST_EVENTS])
    every = pd.concat(parts, ignore_index=True)
    return every.assign(z=(every["incidence"] - every["truth"]) / every["std_err"])


def cover(truth: np.ndarray, place: int, n: int, seeds: int, *, whole: bool) -> dict[str, np.ndarray]:
    """Return how often intervals hold the truth of one stage, by row; NaN where the outcome does not occur."""
    day = np.array([30.0])
    true = truth[place]
    area, median = true[:, :60].sum(axis=1), float(np.argmax(1 - true[0] >= 0.5))
    inside: dict[str, list[np.ndarray]] = {"pointwise": [], "whole": [], "mean": [], "median": []}
    for seed, stays, curve in draw_curves(truth, place, n, seeds):
        low, high = pointwise_band(stays, curve, day, level=LEVEL)
        inside["pointwise"].append((low[:, 0] <= true[:, 30]) & (true[:, 30] <= high[:, 0]))
        mean, error = area_until(stays, curve, 60.0)
        shares = (mean / 60)[:, None], (error / 60)[:, None]
        low, high = log_log_band(*shares, known_records(stays, MEAN_UNTIL), quantile=QUANTILE, level=LEVEL)
        held = (60 * low[:, 0] <= area) & (area <= 60 * high[:, 0])
        inside["mean"].append(np.where(np.isnan(mean), np.nan, held))
        low, high = pointwise_band(stays, curve, curve.times, level=LEVEL)
        ends = [first_reached(curve.times, 1 - row[0], np.array([0.5]))[0] for row in (low, high)]
        inside["median"].append(np.array([ends[0] <= median <= ends[1]]))
        if whole:
            band = simultaneous_band(stays, curve, level=LEVEL, draws=400, seed=seed)
            there = true[:, band.times.astype(int)]
            out = (there < band.low) | (there > band.high)  # a comparison with NaN, outside of the range, is false
            inside["whole"].append(np.where(np.isfinite(band.critical), ~out.any(axis=1), np.nan))
    return {name: share_of_known(np.array(rows, dtype=float)) for name, rows in inside.items() if rows}


def share_of_known(values: np.ndarray) -> np.ndarray:
    """Return the mean over axis 0 of those that are not NaN; NaN where there are fewer than half of them."""
    known = np.isfinite(values)
    return np.where(known.mean(axis=0) > 0.5, np.nansum(values, axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)


def false_alarms(truth: np.ndarray, n: int, seeds: int) -> np.ndarray:
    """Return how often groups that are alike are found to differ at 5 %: log-rank by stays, by records, and Gray."""
    found = np.zeros(3)
    for seed in range(seeds):
        rng = np.random.default_rng([n, seed])
        drawn = draw_stays(truth, n, rng)
        group = rng.integers(0, 2, len(drawn["duration"]))
        found[0] += log_rank_test(**drawn, group=group).p_value < 0.05
        found[1] += log_rank_test(**drawn, group=group, cluster=np.arange(len(group))).p_value < 0.05
        early = drawn["entry"] == 0
        on_time = {name: drawn[name][early] for name in ("duration", "event")}
        found[2] += gray_test(**on_time, group=group[early], cause=3).p_value < 0.05
    return found / seeds


def main() -> None:
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    truth = true_curves()
    begin = time.perf_counter()
    crms = recover_crms(truth, max(seeds // 40, 2))
    print(f"whole CRMs, {crms['seed'].nunique()} seeds, stages and causes with {LEAST_EVENTS} events, days 14, 30, 60:")
    print(f"  {len(crms)} estimates, furthest {crms['z'].abs().max():.2f} standard errors from the truth;")
    print(f"  standard deviation of the distance {crms['z'].std():.3f}, mean {crms['z'].mean():+.3f}")

    occurs = truth[:, 1:, 30] > 0
    errors = {}
    for n, times in ((1_000, seeds), (4_000, seeds), (16_000, max(seeds // 4, 2))):
        read = [
            np.array([curve(ON_DAYS)[1:] for _, _, curve in draw_curves(truth, place, n, times)])
            for place in range(len(truth))
        ]
        errors[n] = np.array(read) - truth[:, None, 1:][..., ON_DAYS]
    mean = np.abs(errors[16_000].mean(axis=1))[occurs]
    most, usual = mean.max(), mean.mean()
    print(f"mean error over {max(seeds // 4, 2)} seeds, 16,000 stays: at most {most:.5f}, typically {usual:.5f}")
    # In a short stage a small sample may not reach day 60; then there is no estimate, and no error.
    rms = {n: np.sqrt([share_of_known(of**2) for of in e])[occurs] for n, e in errors.items()}
    pooled = np.sqrt((rms[4_000] ** 2).sum() / (rms[1_000] ** 2).sum())
    each = rms[4_000] / rms[1_000]
    print(
        f"root mean square error from 1,000 to 4,000 stays: times {pooled:.3f} ({each.min():.3f} to {each.max():.3f})"
    )

    print(f"coverage of {LEVEL:.0%} intervals over {seeds} seeds (lowest, mean, highest of stages and outcomes)")
    for n in (150, 500, 2_000):
        got = [cover(truth, place, n, seeds, whole=n < 2_000) for place in range(len(truth))]
        event_counts = n * truth[:, 1:, 30]
        for name in ("pointwise", "mean", "median", "whole"):
            if name not in got[0]:
                continue
            values = np.array([g[name] for g in got])
            if name == "median":
                print(f"  {n:>6,} stays, {name:>9}: {tell(values.ravel())}")
                continue
            print(f"  {n:>6,} stays, {name:>9}, still in the stage: {tell(values[:, 0])}")
            for least, most in ((2, 10), (10, 50), (50, np.inf)):
                cells = occurs & (event_counts >= least) & (event_counts < most)
                if cells.any():
                    told = tell(values[:, 1:][cells])
                    print(f"  {n:>6,} stays, {name:>9}, causes with {least} to {most:g} events: {told}")
    size = np.array([false_alarms(of, 300, seeds) for of in truth]).mean(axis=0)
    print(f"groups alike found to differ at 5 %: log-rank {size[0]:.3f}, by record {size[1]:.3f}, Gray {size[2]:.3f}")
    print(f"{time.perf_counter() - begin:.0f} s")


def tell(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    return f"{known.min():.3f} {known.mean():.3f} {known.max():.3f} ({len(known)})" if len(known) else "-"


if __name__ == "__main__":
    main()
