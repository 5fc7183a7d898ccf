"""What is measured of a score, under which name, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from funnelml.scoring.evaluation.ranking import Accumulated, Ranking
from funnelml.scoring.evaluation.recalibration import clip
from funnelml.scoring.evaluation.scored_rows import FloatArray

METRIC_NAMES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "auc": ("AUC", "AUC"),
        "average_precision": ("average precision", "平均精度"),
        "log_loss": ("log loss", "对数损失"),
        "brier": ("Brier score", "Brier 分数"),
        "calibration_slope": ("calibration slope", "校准斜率"),
        "calibration_intercept": ("calibration intercept", "校准截距"),
        "calibration_in_the_large": ("calibration in the large", "总体校准截距"),
        "top_decile_capture": ("conversions in the top tenth", "前十分之一包含的转化"),
        "calibration_error": ("calibration error", "校准误差"),
    }
)
"""Every metric, in English and in Chinese."""


def measure_order(accumulated: Accumulated) -> dict[str, FloatArray]:
    """Return AUC and average precision of each set of weights."""
    return {"auc": accumulated.auc(), "average_precision": accumulated.average_precision()}


def measure_losses(ranking: Ranking, weights: FloatArray) -> dict[str, FloatArray]:
    """Return log loss (in nats) and Brier score under weights of the rows, shape (b, n)."""
    y, p = ranking.label, clip(ranking.probability)
    log_loss = -np.where(y == 1, np.log(p), np.log1p(-p))
    sums = weights @ np.column_stack([log_loss, (y - ranking.probability) ** 2])
    mean = sums / weights.sum(axis=1, keepdims=True)
    return {"log_loss": mean[:, 0], "brier": mean[:, 1]}
