"""Fit a kind of model on older rows, judge it on newer ones, and once more on rows drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

from funnelml.errors import ModelInputError, did_you_mean
from funnelml.scoring.evaluation.class_counts import check_counts
from funnelml.scoring.evaluation.comparison import compare_scores
from funnelml.scoring.evaluation.evaluate import evaluate_scores
from funnelml.scoring.evaluation.model_evaluation import ModelEvaluation, SplitEvaluation
from funnelml.scoring.evaluation.resampling import RESAMPLES
from funnelml.scoring.evaluation.splits import EMBARGOED, split_at_random, split_by_time
from funnelml.scoring.evaluation.verdict import judge_scores
from funnelml.scoring.rows import ScoringRows

__all__ = ["ModelEvaluation", "SplitEvaluation", "evaluate_model"]

_LEAN: Final = 5.0
"""Rows by which the share of a stage and age leans on that of all."""


def evaluate_model(
    make_scorer: Callable[[], Any],
    rows: ScoringRows,
    *,
    fit: Callable[[Any, ScoringRows], Any],
    segments: Sequence[str] = (),
    leaks: Sequence[str] = (),
    test_share: float = 0.2,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> ModelEvaluation:
    """Judge a kind of model on rows it has not seen: the newest, and beside them rows drawn at random.

    Parameters
    ----------
    make_scorer : callable
        Returns a new estimator with ``predict_proba``.
    rows : ScoringRows
        Labelled rows. With dates the verdict is that of the newest; without, that of a random split.
    fit : callable
        Fits the estimator on training rows, in place.
    segments : sequence of str
        Features by whose values the figures are also told.
    leaks : sequence of str
        Features that the leak report says to leave out and that are used all the same.
    test_share : float
        Share of the rows (in time) or of the records (at random) that are the test.
    seed : int
        Seed of the random split and of resamples.
    resamples : int
        Resamples behind the intervals.

    Returns
    -------
    ModelEvaluation

    Raises
    ------
    ModelInputError
        If rows have no label, a segment is no feature, or a probability is missing or not in [0, 1].
    NotEnoughDataError
        If there are fewer than 40 records of an outcome to learn from, or rows of one outcome only to judge on.
    """
    for field in segments:
        if field not in rows.features:
            hint = did_you_mean(field, rows.features.columns)
            raise ModelInputError(f"segment '{field}' is no feature of the rows{hint}")

    def judge(train: ScoringRows, test: ScoringRows, *, in_time: bool) -> SplitEvaluation:
        assert train.label is not None and test.label is not None
        training = check_counts(train.label, record_id=train.record_id, at=train.at, outcome=train.outcome)
        scorer = make_scorer()
        fit(scorer, train)
        probability = np.asarray(scorer.predict_proba(test.features))[:, 1]
        rate = train.positives / len(train)
        same: dict[str, Any] = {"record_id": test.record_id, "seed": seed, "resamples": resamples}
        fields = test.features[list(segments)] if segments else None
        told = evaluate_scores(test.label, probability, segments=fields, **same)
        against = compare_scores(test.label, probability, np.full(len(test), rate), **same)
        return SplitEvaluation(
            in_time=in_time,
            train_rows=len(train),
            training=training,
            train_base_rate=rate,
            embargoed=train.dropped.get(EMBARGOED, 0),
            already_learned=int(np.isin(test.record_id, pd.unique(train.record_id)).sum()),
            test_from=None if test.at is None else int(test.at.min()),
            test_to=None if test.at is None else int(test.at.max()),
            scores=told,
            against_base_rate=against,
            verdict=judge_scores(told, against, training=training, leaks=leaks, stages_auc=_auc_of_stages(train, test)),
            test_scores=_tabulate(test, probability),
        )

    time = None if rows.at is None else judge(*split_by_time(rows, test_share=test_share), in_time=True)
    random = judge(*split_at_random(rows, test_share=test_share, seed=seed), in_time=False)
    return ModelEvaluation(outcome=rows.outcome, time=time, random=random)


def _auc_of_stages(train: ScoringRows, test: ScoringRows) -> float:
    """Return the AUC on the test rows of what stage and age alone tell, 0.5 if they are not known.

    The share that converted of the training rows of each stage and quarter of the ages, leaning on that of all.
    """
    known = {"stage", "age_days"} <= set(test.features)
    if test.at is None or not known or test.features["age_days"].isna().any():
        return 0.5
    assert train.label is not None and test.label is not None
    quarters = np.quantile(train.features["age_days"].dropna(), (0.25, 0.5, 0.75))

    def cells(rows: ScoringRows) -> pd.MultiIndex:
        quarter = np.searchsorted(quarters, rows.features["age_days"])
        return pd.MultiIndex.from_arrays([rows.features["stage"].astype(str), quarter])

    seen = pd.Series(train.label, index=cells(train)).groupby(level=[0, 1]).agg(["sum", "count"])
    rate = train.positives / len(train)
    share = (seen["sum"] + _LEAN * rate) / (seen["count"] + _LEAN)
    return float(roc_auc_score(test.label, share.reindex(cells(test)).fillna(rate)))


def _tabulate(test: ScoringRows, probability: Any) -> pd.DataFrame:
    dated = {} if test.at is None else {"at": test.at}
    return pd.DataFrame({"record_id": test.record_id, **dated, "label": test.label, "probability": probability})
