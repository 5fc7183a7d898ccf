"""Exact Aalen-Johansen beside lifelines' AalenJohansenFitter: the same stays, both causes, timed in the same run.

The stays are untied, because the peer breaks ties by random jitter. It fits one cause at a time, so it is fitted twice;
funnelml estimates all causes at once. Run ``python benchmarks/incidence.py [SIZE ...]``.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
from lifelines import AalenJohansenFitter

from funnelml.survival.incidence import estimate_incidence

SIZES = (10_000, 100_000, 1_000_000)
LARGEST_FOR_PEER_VARIANCE = 100_000  # half a minute per million stays and cause
CAUSES = 2


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


def main() -> None:
    warnings.simplefilter("ignore")  # the peer's dependencies deprecate things
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    print(f"largest disagreement of incidence, {sizes[0]:,} stays: {disagreement(*make_stays(sizes[0])):.1e}")
    compare(sizes, variance=False)
    compare(sizes, variance=True)


if __name__ == "__main__":
    main()
