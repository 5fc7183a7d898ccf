"""Scoring with reasons beside plain ``predict_proba`` of the same model: the same records, timed in the same run.

With reasons each record gets its chance, its 80 % interval and up to three reasons for and three against, in words, a
chunk of records at a time. The records have 40 features under the names of a CRM's; the models learn from others like
them by fixed recipes, so that nothing is searched for. Memory is what comes on top of the features, traced in a run of
its own that is not timed. Run ``python benchmarks/scoring.py [ROWS ...]``.
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
from funnelml.scoring.score_model import ScoreModel
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.uncertainty import learn_spread

SIZES = (100_000, 1_000_000)
LEARNED = 20_000
CHUNK = 50_000
REPEATS = 3
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


def learn_model(parts: tuple[Part, ...], rows: ScoringRows) -> ScoreModel:
    """Return the score of a fixed recipe, its intervals learned from the last tenth of the rows."""
    of = np.arange(len(rows))
    older, newer = rows.take(of < 0.9 * len(rows)), rows.take(of >= 0.9 * len(rows))
    scorer = LeadScorer(recipe=Recipe(parts=parts)).fit(older.features, older.label)
    chance = scorer.predict_proba(newer.features)[:, 1]
    judged = pd.DataFrame({"record_id": newer.record_id, "label": newer.label, "probability": chance})
    return ScoreModel(
        scorer=scorer,
        spread=learn_spread(judged),
        features=tuple(rows.features),
        outcome=rows.outcome,
        base_rate=newer.positives / len(newer),
        verdict="publish",
    )


def score_plainly(model: ScoreModel, rows: ScoringRows) -> int:
    """Score without interval and reasons, a chunk at a time; return the number of rows."""
    chunks = range(0, len(rows), CHUNK)
    return sum(len(model.scorer.predict_proba(rows.features.iloc[k : k + CHUNK])) for k in chunks)


def score_with_reasons(model: ScoreModel, rows: ScoringRows) -> int:
    """Score with interval and reasons in words, a chunk at a time; return the number of rows."""
    done = 0
    for k in range(0, len(rows), CHUNK):
        part = rows.take(np.arange(k, min(k + CHUNK, len(rows))))
        scores = model.score(part)
        reasons = explain_scores(model.contributions(part.features), part.features, record_id=part.record_id)
        done += len(pd.concat([scores, reasons.to_frame().drop(columns="record_id")], axis=1))
    return done


def best_seconds(*tasks: Callable[[], object]) -> list[float]:
    """Return the least time of each task, run in turns so that what else the machine does falls on all of them."""
    seconds: list[list[float]] = [[] for _ in tasks]
    for _ in range(REPEATS):
        for task, own in zip(tasks, seconds, strict=True):
            begin = time.perf_counter()
            task()
            own.append(time.perf_counter() - begin)
    return [min(own) for own in seconds]


def peak_megabytes(task: Callable[[], object]) -> float:
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def largest_difference(model: ScoreModel, features: pd.DataFrame) -> float:
    """Return by how much the sum of the contributions differs from the log odds at most."""
    return float(np.abs(model.contributions(features).sum(axis=1) - model.scorer.decision_function(features)).max())


def compare(size: int, models: dict[str, ScoreModel]) -> None:
    features = make_features(size)
    rows = ScoringRows(features=features, record_id=np.arange(size).astype(str).astype(object))
    print(f"\n{size:,} rows x {features.shape[1]} features: best seconds, and peak of traced memory in MB")
    heads = ("model", "plain s", "reasons s", "ratio", "plain rows/s", "reasons rows/s", "plain MB", "reasons MB")
    print(" ".join(f"{head:>14}" for head in heads))
    for name, model in models.items():
        plain = partial(score_plainly, model, rows)
        told = partial(score_with_reasons, model, rows)
        peer, own = best_seconds(plain, told)
        cells = [name, f"{peer:.2f}", f"{own:.2f}", f"{own / peer:.1f}", f"{size / peer:,.0f}", f"{size / own:,.0f}"]
        cells += [f"{peak_megabytes(plain):.0f}", f"{peak_megabytes(told):.0f}"]
        print(" ".join(f"{cell:>14}" for cell in cells), flush=True)


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or list(SIZES)
    learned = make_rows(LEARNED)
    models = {name: learn_model(parts, learned) for name, parts in RECIPES.items()}
    asked = make_features(2_000)
    worst = max(largest_difference(model, asked) for model in models.values())
    print(f"the contributions add up to the log odds within {worst:.1e}")
    for size in sizes:
        compare(size, models)


if __name__ == "__main__":
    main()
