"""How far a score could be off because it was learned from few records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm
from sklearn.base import clone

from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.scorer import LeadScorer

_MOST_ROWS = 40_000
"""Rows of one refit; where there are more, fewer are drawn and the spread is scaled by the root of the share."""
_ASKED = 2_000
"""Rows on which the refits are compared."""
_KNOTS = 12


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Standard deviation of the log odds by their size, from refits on resampled records.

    Parameters
    ----------
    log_odds, sd : numpy.ndarray of float64, shape (m,)
        Knots, increasing, and the standard deviation there; between them it is interpolated.
    """

    log_odds: NDArray[np.float64]
    sd: NDArray[np.float64]

    def interval(
        self, probability: NDArray[np.float64], level: float = 0.8
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the ends of the interval of each probability.

        Parameters
        ----------
        probability : numpy.ndarray, shape (n,)
            Scores.
        level : float
            Chance with which the interval is to hold the true probability.
        """
        odds = np.log(probability) - np.log1p(-probability)
        half = norm.ppf((1 + level) / 2) * np.interp(odds, self.log_odds, self.sd)
        return expit(odds - half), expit(odds + half)


def learn_spread(scorer: LeadScorer, rows: ScoringRows, *, seed: int = 0, refits: int = 20) -> Spread:
    """Refit a scorer on resampled records.

    Parameters
    ----------
    scorer : LeadScorer
        Fitted; its recipe is kept.
    rows : ScoringRows, shape (n,)
        What it was fitted on.
    seed : int
        Seed of the resampling.
    refits : int
        Number of refits.

    Notes
    -----
    The bootstrap by record (Davison and Hinkley 1997, section 3.8): records are drawn with all their rows. What drifts
    after the last label is not in it; the evaluation in time shows that.
    """
    assert rows.label is not None
    rng = np.random.default_rng(seed)
    of = np.unique(rows.record_id.astype(str), return_inverse=True)[1]
    order = np.argsort(of, kind="stable")
    begins = np.searchsorted(of[order], np.arange(of.max() + 2))
    drawn = min(len(begins) - 1, max(1, int((len(begins) - 1) * _MOST_ROWS / len(rows))))
    asked = rows.features.iloc[rng.permutation(len(rows))[:_ASKED]]
    odds = []
    for _ in range(refits):
        records = rng.integers(0, len(begins) - 1, drawn)
        which = np.concatenate([order[begins[r] : begins[r + 1]] for r in records])
        label = rows.label[which]
        if 0 < label.sum() < len(label):
            again = clone(scorer).set_params(recipe=scorer.recipe_)
            again.fit(rows.features.iloc[which], label, at=None if rows.at is None else rows.at[which])
            odds.append(again.decision_function(asked))
    scaled = np.std(odds, axis=0, ddof=1) * np.sqrt(drawn / (len(begins) - 1))
    said = scorer.decision_function(asked)
    parts = np.array_split(np.argsort(said, kind="stable"), _KNOTS)
    knots = [(said[p].mean(), np.sqrt(np.mean(scaled[p] ** 2))) for p in parts if len(p)]
    return Spread(log_odds=np.array([k[0] for k in knots]), sd=np.array([k[1] for k in knots]))
