"""Survival beside lifelines, timed in the same run: exact Aalen-Johansen, stage models, and win-by-date curves.

Incidence: the stays are untied, because the peer breaks ties by random jitter. It fits one cause at a time, so it is
fitted twice; funnelml estimates all causes at once. Stage models: the peer is its Cox regression of every cause,
stratified by stage, on the same columns; it answers with the end of the present stage only. Win-by-date has no peer in
Python: its time is given beside that of a plain ``predict_cumulative_incidence`` of the same records.
Run ``python benchmarks/survival.py [SIZE ...]``.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter, CoxPHFitter

from funnelml.schema import DAY
from funnelml.survival.incidence import estimate_incidence
from funnelml.survival.stage_model import StageModel
from funnelml.survival.stay_rows import StayRows

SIZES = (10_000, 100_000, 1_000_000)
LARGEST_FOR_PEER_VARIANCE = 100_000  # half a minute per million stays and cause
CAUSES = 2
STAGES = ("Lead", "Qualified", "Proposal", "Negotiation", "Closing")
STAY_SIZES = (10_000, 30_000, 100_000)
OPEN_RECORDS, WEEKS = 10_000, 26


def make_stays(n: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.weibull(0.9, n) * 30.0, rng.integers(0, CAUSES + 1, n)


def peer_incidence(duration: np.ndarray, event: np.ndarray, *, variance: bool) -> list[AalenJohansenFitter]:
    return [
        AalenJohansenFitter(calculate_variance=variance).fit(duration, event, event_of_interest=cause)
        for cause in range(1, CAUSES + 1)
    ]


def best_seconds(task: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        begin = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - begin)
    return min(seconds)


def peak_megabytes(task: Callable[[], object]) -> float:
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def disagreement(duration: np.ndarray, event: np.ndarray) -> float:
    curve = estimate_incidence(duration, event, variance=False)
    worst = 0.0
    for cause, fitter in enumerate(peer_incidence(duration, event, variance=False), start=1):
        peer = fitter.cumulative_density_
        worst = max(worst, float(np.abs(curve(peer.index.to_numpy())[cause] - peer.to_numpy()[:, 0]).max()))
    return worst


def growth(sizes: list[int], seconds: list[float]) -> str:
    if len(sizes) < 2:
        return "-"
    return f"{np.polyfit(np.log(sizes), np.log(seconds), 1)[0]:.2f}"


def compare(sizes: list[int], *, variance: bool) -> None:
    print(f"\n{'with' if variance else 'without'} variance: best seconds, and peak of traced memory in MB")
    heads = ("stays", "funnelml s", "lifelines s", "ratio", "funnelml MB", "lifelines MB", "by day s")
    print(" ".join(f"{head:>12}" for head in heads))
    ours, peers = [], []
    for n in sizes:
        duration, event = make_stays(n)
        own = partial(estimate_incidence, duration, event, variance=variance)
        by_day = partial(estimate_incidence, np.ceil(duration), event, variance=variance)
        peer = partial(peer_incidence, duration, event, variance=variance)
        ours.append(best_seconds(own, 7))
        cells = [
            f"{n:,}",
            f"{ours[-1]:.4f}",
            "-",
            "-",
            f"{peak_megabytes(own):.0f}",
            "-",
            f"{best_seconds(by_day, 7):.4f}",
        ]
        if not variance or n <= LARGEST_FOR_PEER_VARIANCE:
            peers.append(best_seconds(peer, 1 if variance else 3))
            cells[2:4] = f"{peers[-1]:.3f}", f"{peers[-1] / ours[-1]:.1f}"
            cells[5] = f"{peak_megabytes(peer):.0f}"
        print(" ".join(f"{cell:>12}" for cell in cells), flush=True)
    exponents = f"funnelml {growth(sizes, ours)}, lifelines {growth(sizes[: len(peers)], peers)}"
    print(f"growth exponent (1 is linear): {exponents}")


def make_rows(n: int, *, grain: str, seed: int = 7) -> StayRows:
    """Draw stays of five stages, each seen at its entry, whose hazards depend on three numbers and a text."""
    rng = np.random.default_rng(seed)
    place = rng.integers(0, len(STAGES), n)
    numbers = rng.normal(size=(n, 3))
    source = rng.integers(0, 8, n)
    days = rng.weibull(0.9, n) * 30.0 * np.exp(-0.3 * numbers[:, 0] + 0.1 * source / 8)
    days = np.ceil(days) if grain == "day" else days
    event = rng.choice(5, n, p=(0.15, 0.4, 0.1, 0.3, 0.05))
    event[(event == 1) & (place == len(STAGES) - 1)] = 2
    event[(event == 4) & (place == 0)] = 3
    goes = np.clip(place + np.select([event == 1, event == 4], [1, -1], 0), 0, len(STAGES) - 1)
    entered = np.sort(rng.integers(0, 700, n)) * DAY
    return StayRows(
        stages=STAGES,
        grain=grain,
        time_zone="UTC",
        record_id=np.array([f"R{k}" for k in range(n)], dtype=object),
        stage=np.array(STAGES, dtype=object)[place],
        at=entered + 1,
        entered_at=entered,
        age=np.full(n, -1.0),
        covariates=pd.DataFrame(numbers, columns=["a", "b", "c"]).assign(
            source=np.array([f"s{k}" for k in range(8)], dtype=object)[source]
        ),
        duration=days,
        event=event,
        next_stage=np.where(np.isin(event, (1, 4)), np.array(STAGES, dtype=object)[goes], None),
    )


def peer_cox(rows: StayRows) -> list[CoxPHFitter]:
    dummies = pd.get_dummies(rows.covariates, columns=["source"], drop_first=True, dtype=float)
    # In whole days, which is many times quicker for the peer, and with a little ridge, as ours has.
    table = dummies.assign(stage=rows.stage, days=np.ceil(rows.duration))
    return [
        CoxPHFitter(penalizer=1e-4).fit(
            table.assign(left=rows.event == cause), duration_col="days", event_col="left", strata=["stage"]
        )
        for cause in (1, 2, 3, 4)
    ]


def compare_fits() -> None:
    print("\nfit of all causes: seconds, and peak of traced memory in MB")
    heads = ("stays", "none s", "linear s", "cox s", "boosted s", "lifelines s", "linear ratio", "linear MB", "peer MB")
    print(" ".join(f"{head:>12}" for head in heads))
    ours, peers = [], []
    for n in STAY_SIZES:
        rows = make_rows(n, grain="day")
        kinds = {kind: partial(StageModel(ratios=kind).fit, rows) for kind in ("none", "linear", "cox", "boosted")}
        seconds = {kind: best_seconds(task, 1 if kind in ("boosted", "cox") else 3) for kind, task in kinds.items()}
        ours.append(seconds["linear"])
        peers.append(best_seconds(partial(peer_cox, rows), 1))
        memory = (peak_megabytes(kinds["linear"]), peak_megabytes(partial(peer_cox, rows)))
        cells = [f"{n:,}", *(f"{value:.2f}" for value in seconds.values()), f"{peers[-1]:.2f}"]
        cells += [f"{peers[-1] / ours[-1]:.1f}", *(f"{mb:.0f}" for mb in memory)]
        print(" ".join(f"{cell:>12}" for cell in cells), flush=True)
    print(f"growth exponent: linear {growth(list(STAY_SIZES), ours)}, lifelines {growth(list(STAY_SIZES), peers)}")


def time_win_by_date() -> None:
    weeks = np.arange(1, WEEKS + 1) * 7.0
    print(f"\nwin by date, {OPEN_RECORDS:,} records x {WEEKS} weeks: best milliseconds")
    heads = ("grain", "ratios", "calendar", "won by ms", "incidence ms", "MB")
    print(" ".join(f"{head:>12}" for head in heads))
    for grain in ("day", "instant"):
        rows = make_rows(STAY_SIZES[-1], grain=grain)
        rng = np.random.default_rng(1)
        some = rows.take(rng.choice(len(rows), OPEN_RECORDS, replace=False))
        age = rng.gamma(2.0, 15.0, OPEN_RECORDS)
        still = StayRows(
            **{name: getattr(some, name) for name in ("stages", "grain", "time_zone", "record_id", "stage")},
            at=np.full(OPEN_RECORDS, 800 * DAY),
            entered_at=800 * DAY - np.rint(age * DAY).astype(np.int64),
            age=np.ceil(age) - 1 / DAY if grain == "day" else age,
            covariates=some.covariates,
        )
        for ratios, calendar in (("none", False), ("linear", False), ("none", True), ("linear", True)):
            model = StageModel(ratios=ratios, calendar=calendar).fit(rows)
            won = partial(model.predict_won_by, still, weeks)
            cells = [grain, ratios, str(calendar), f"{1e3 * best_seconds(won, 3):.0f}"]
            cells += [f"{1e3 * best_seconds(partial(model.predict_cumulative_incidence, still, weeks), 3):.0f}"]
            print(" ".join(f"{cell:>12}" for cell in (*cells, f"{peak_megabytes(won):.0f}")), flush=True)


def main() -> None:
    warnings.simplefilter("ignore")  # the peer's dependencies deprecate things
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    print(f"largest disagreement of incidence, {sizes[0]:,} stays: {disagreement(*make_stays(sizes[0])):.1e}")
    compare(sizes, variance=False)
    compare(sizes, variance=True)
    compare_fits()
    time_win_by_date()


if __name__ == "__main__":
    main()
