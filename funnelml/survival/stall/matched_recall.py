"""Two ways of flagging records compared at equal recall: which has the better precision, and how sure that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.survival.evaluation.standard_errors import NORMAL_95
from funnelml.survival.risk_sets import FloatArray, IntArray


def match_recall(
    flagged: NDArray[np.bool_],
    score: FloatArray,
    right: NDArray[np.bool_],
    record: NDArray[np.object_],
    *,
    draws: int = 400,
    seed: int = 0,
) -> dict[str, float]:
    """Flag by a score as many of the right ones as a rule does, and compare how many are flagged for it.

    Parameters
    ----------
    flagged : numpy.ndarray of bool, shape (n,)
        What the rule flags.
    score : numpy.ndarray, shape (n,)
        What is to be flagged first has the highest; equal scores are flagged in equal parts. ``-inf`` comes last.
    right : numpy.ndarray of bool, shape (n,)
        What is to be found.
    record : numpy.ndarray of object, shape (n,)
        Whose each row is: rows of a record vary together.
    draws, seed : int
        Draws of the Bayesian bootstrap by record (Rubin, Annals of Statistics 9, 1981), and its seed.

    Returns
    -------
    dict of str to float
        ``flagged, recall, precision`` of the rule, ``matched_flagged, matched_precision`` of the score, ``gain`` of the
        score in precision, ``std_err, low, high`` (95 %). NaN if the rule flags nothing that is right.
    """
    codes, ids = pd.factorize(record)
    ranking = _Ranking(score)
    first = ranking.compare(flagged, right, np.ones(len(score)))
    generator = np.random.default_rng(seed)
    drawn = np.array(
        [
            ranking.compare(flagged, right, generator.exponential(size=len(ids))[codes])["gain"]
            for _ in range(draws if np.isfinite(first["gain"]) else 0)
        ]
    )
    error = float(np.nanstd(drawn)) if len(drawn) else np.nan
    reach = NORMAL_95 * error
    return {**first, "std_err": error, "low": first["gain"] - reach, "high": first["gain"] + reach}


class _Ranking:
    """Rows from the highest score down, equal scores together."""

    def __init__(self, score: FloatArray) -> None:
        self.order: IntArray = np.argsort(-score, kind="stable").astype(np.int64)
        ranked = score[self.order]
        self.starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))[: len(score)]

    def compare(self, flagged: NDArray[np.bool_], right: NDArray[np.bool_], weight: FloatArray) -> dict[str, float]:
        found = float(weight[flagged & right].sum())
        total, all_flagged = float(weight[right].sum()), float(weight[flagged].sum())
        answer = {
            "flagged": all_flagged,
            "recall": found / total if total else np.nan,
            "precision": found / all_flagged if all_flagged else np.nan,
        }
        if not found:
            return answer | {"matched_flagged": np.nan, "matched_precision": np.nan, "gain": np.nan}
        needed = self._flagged_for(found, weight * right, weight)
        matched = found / needed
        return answer | {
            "matched_flagged": needed,
            "matched_precision": matched,
            "gain": matched - answer["precision"],
        }

    def _flagged_for(self, found: float, right: FloatArray, weight: FloatArray) -> float:
        """Return the weight flagged until so much of the right is found."""
        rights = np.concatenate(([0.0], np.cumsum(np.add.reduceat(right[self.order], self.starts))))
        counts = np.concatenate(([0.0], np.cumsum(np.add.reduceat(weight[self.order], self.starts))))
        at = int(np.searchsorted(rights, min(found, rights[-1]), side="left"))
        part = (min(found, rights[-1]) - rights[at - 1]) / (rights[at] - rights[at - 1])
        return float(counts[at - 1] + part * (counts[at] - counts[at - 1]))
