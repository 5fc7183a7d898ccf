"""Scoring with reasons beside plain ``predict_proba`` of the same model: the same records, timed in the same run.

With reasons each record gets its chance, its 80 % interval and up to three reasons for and three against, in words, a
chunk of records at a time. The records have 40 features under the names of a CRM's; the models learn from 20,000 of
them by fixed recipes, so that nothing is searched for. Memory is traced in a run of its own, which is not timed. Run
``python benchmarks/scoring.py [ROWS ...]``.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from funnelml.scoring.reasons.explain import explain_scores
from funnelml.scoring.recipe import Part, Recipe
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.uncertainty import Spread, learn_spread

SIZES = (100_000, 1_000_000)
LEARNED = 20_000
CHUNK = 50_000
TEXTS = {"stage": 6, "source": 8, "segment": 4, "product": 12, "owner": 40, "team": 6}
COUNTS = (
    "activities_total", "activities_7d", "activities_30d", "call_30d", "call_total", "email_30d", "email_total",
    "meeting_30d", "meeting_total", "demo_total", "quote_total", "web_visit_30d", "download_total", "inbound_30d",
    "contacts", "pushes", "moves_back", "account_won", "account_lost", "account_open", "owner_open_records",
)  # fmt: skip
DAYS = (
    "age_days", "stage_age_days", "days_since_activity", "days_since_call", "days_since_email", "days_since_meeting",
    "days_since_inbound", "days_to_expected_close", "pushed_days", "waiting_hours", "response_hours",
)  # fmt: skip
SCORECARD, BOOSTING = Part(kind="scorecard"), Part(kind="boosting", trees=200)
RECIPES = {"scorecard": (SCORECARD,), "boosting": (BOOSTING,), "blend": (SCORECARD, BOOSTING)}


def make_features(n: int, seed: int = 7) -> pd.DataFrame:
    """Return n records of 40 features, a tenth of the days unknown."""
    rng = np.random.default_rng(seed)
    columns: dict[str, object] = {}
    for name, levels in TEXTS.items():
        columns[name] = np.array([f"{name} {k}" for k in range(levels)], dtype=object)[rng.integers(0, levels, n)]
    for name in COUNTS:
        columns[name] = rng.poisson(rng.uniform(1, 5), n).astype(np.float64)
    for name in DAYS:
        columns[name] = np.where(rng.random(n) < 0.1, np.nan, rng.gamma(1.5, 20.0, n))
    columns["amount"] = rng.lognormal(9.0, 1.0, n)
    columns["owner_win_rate"] = rng.beta(5, 15, n)
    return pd.DataFrame(columns)


def make_rows(n: int) -> ScoringRows:
    """Return n records whose chance depends on ten of their features."""
    features = make_features(n, seed=8)
    ranks = features[[*COUNTS[:6], *DAYS[:4]]].rank(pct=True).fillna(0.5).to_numpy()
    odds = (ranks - 0.5) @ np.linspace(-2, 2, ranks.shape[1]) - 1.5
    label = (np.random.default_rng(9).random(n) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    return ScoringRows(features=features, record_id=np.arange(n).astype(str).astype(object), label=label)


def plain(scorer: LeadScorer, features: pd.DataFrame) -> int:
    """Score without reasons, a chunk at a time; return the number of rows."""
    chunks = range(0, len(features), CHUNK)
    return sum(len(scorer.predict_proba(features.iloc[k : k + CHUNK])) for k in chunks)


def with_reasons(scorer: LeadScorer, spread: Spread, features: pd.DataFrame) -> int:
    """Score with interval and reasons in words, a chunk at a time; return the number of rows."""
    rows = 0
    for k in range(0, len(features), CHUNK):
        part = features.iloc[k : k + CHUNK]
        probability = scorer.predict_proba(part)[:, 1]
        low, high = spread.interval(probability)
        told = explain_scores(scorer.contributions(part), part, record_id=np.arange(k, k + len(part))).to_frame()
        rows += len(told.assign(probability=probability, low=low, high=high))
    return rows


def seconds(task: Callable[[], object]) -> float:
    begin = time.perf_counter()
    task()
    return time.perf_counter() - begin


def peak_megabytes(task: Callable[[], object]) -> float:
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def largest_difference(scorer: LeadScorer, features: pd.DataFrame) -> float:
    """Return by how much the sum of the contributions differs from the log odds at most."""
    return float(np.abs(scorer.contributions(features).sum(axis=1) - scorer.decision_function(features)).max())


def compare(size: int, learned: ScoringRows) -> None:
    features = make_features(size)
    print(f"\n{size:,} rows x {features.shape[1]} features, in chunks of {CHUNK:,}; peak of traced memory in MB")
    heads = ("model", "plain s", "reasons s", "ratio", "plain rows/s", "reasons rows/s", "plain MB", "reasons MB")
    print(" ".join(f"{head:>14}" for head in heads))
    for name, parts in RECIPES.items():
        scorer = LeadScorer(recipe=Recipe(parts=parts)).fit(learned.features, learned.label)
        spread = learn_spread(scorer, learned, refits=2)
        alone = partial(plain, scorer, features)
        told = partial(with_reasons, scorer, spread, features)
        own, peer = seconds(told), seconds(alone)
        cells = [name, f"{peer:.2f}", f"{own:.2f}", f"{own / peer:.1f}", f"{size / peer:,.0f}", f"{size / own:,.0f}"]
        cells += [f"{peak_megabytes(alone):.0f}", f"{peak_megabytes(told):.0f}"]
        print(" ".join(f"{cell:>14}" for cell in cells), flush=True)


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    learned = make_rows(LEARNED)
    for name, parts in RECIPES.items():
        scorer = LeadScorer(recipe=Recipe(parts=parts)).fit(learned.features, learned.label)
        worst = largest_difference(scorer, make_features(2_000))
        print(f"{name}: the contributions add up to the log odds within {worst:.1e}")
    for size in sizes:
        compare(size, learned)


if __name__ == "__main__":
    main()
