"""A score ready for use: the fitted scorer, its intervals, and what its graders need to know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import ModelInputError, first_few
from funnelml.scoring.evaluation.verdict import VerdictName
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer
from funnelml.scoring.uncertainty import Spread


@dataclass(frozen=True, kw_only=True)
class ScoreModel:
    """A fitted score.

    Parameters
    ----------
    scorer : LeadScorer
        Fitted.
    spread : Spread
        How many of the records scored alike convert.
    features : tuple of str
        Columns it takes, in order.
    outcome : str
        What a score is the chance of.
    base_rate : float
        Share that converted of the newest rows it was judged on: what grades are multiples of.
    verdict : {"publish", "provisional", "ranks only", "no usable signal", "suspected leak"}
        What may be done with its scores, as it was judged when it was learned.
    """

    scorer: LeadScorer
    spread: Spread
    features: tuple[str, ...]
    outcome: str
    base_rate: float
    verdict: VerdictName

    def score(self, rows: ScoringRows) -> pd.DataFrame:
        """Return ``record_id, probability, low, high``.

        The interval holds the share that converts among records scored alike with a chance of 80 %.

        Raises
        ------
        ModelInputError
            If a feature is missing.
        """
        probability = self.predict_proba(rows.features)[:, 1]
        low, high = self.spread.interval(probability)
        scores = {"record_id": rows.record_id, "probability": probability, "low": low, "high": high}
        return pd.DataFrame(scores).astype({"record_id": object})

    def predict_proba(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return the chance not to convert and to convert, shape (n, 2)."""
        return self.scorer.predict_proba(self._take(features))

    def contributions(self, features: pd.DataFrame) -> NDArray[np.float64]:
        """Return what each feature adds to the log odds, shape (n, k + 1): the last is the average record."""
        return self.scorer.contributions(self._take(features))

    def _take(self, features: pd.DataFrame) -> pd.DataFrame:
        missing = [name for name in self.features if name not in features]
        if missing:
            raise ModelInputError(
                f"{len(missing)} features of the model are not there ({first_few(missing)}); train again on what is"
            )
        return features[list(self.features)]
