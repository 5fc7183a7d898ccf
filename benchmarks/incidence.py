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

import numpy as np
from lifelines import AalenJohansenFitter

from funnelml.survival.incidence import estimate_incidence

SIZES = (10_000, 100_000, 1_000_000)
LARGEST_FOR_PEER_VARIANCE = 100_000  # about a minute per million stays and cause
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
    print(f"\n{'with' if variance else 'without'} variance")
    print(f"{'stays':>10} {'funnelml':>12} {'lifelines':>12} {'ratio':>8} {'funnelml':>12} {'lifelines':>12} {'daily':>12}")
    print(f"{'':>10} {'s':>12} {'s':>12} {'':>8} {'peak MB':>12} {'peak MB':>12} {'funnelml s':>12}")
    ours, peers = [], []
    for n in sizes:
        duration, event = make_stays(n)
        days = np.ceil(duration)
        repeats = 7 if n <= 100_000 else 3
        own = best_seconds(lambda: estimate_incidence(duration, event, variance=variance), repeats)  # noqa: B023
        tied = best_seconds(lambda: estimate_incidence(days, event, variance=variance), repeats)  # noqa: B023
        memory = peak_megabytes(lambda: estimate_incidence(duration, event, variance=variance))  # noqa: B023
        ours.append(own)
        told = f"{'-':>12} {'-':>8} {memory:>12.0f} {'-':>12}"
        if not variance or n <= LARGEST_FOR_PEER_VARIANCE:
            fit = lambda: peer_incidence(duration, event, variance=variance)  # noqa: B023, E731
            peer = best_seconds(fit, 1 if variance else 2)
            peers.append(peer)
            told = f"{peer:>12.3f} {peer / own:>8.1f} {memory:>12.0f} {peak_megabytes(fit):>12.0f}"
        print(f"{n:>10,} {own:>12.4f} {told} {tied:>12.4f}", flush=True)
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
