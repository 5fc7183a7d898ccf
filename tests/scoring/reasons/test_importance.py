"""How far fields move scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.scoring.models.scorecard import POINT
from funnelml.scoring.reasons.importance import measure_importance

FEATURES = pd.DataFrame(
    {"meeting_30d": [1.0, 2.0], "职业": pd.Series(["经理", None], dtype=object), "idle": [0.0, 0.0]}
)
ADDED = np.array([[-0.5, 0.1, 0.0, 3.0], [1.0, -0.3, 0.0, 3.0]])


def test_importance_is_the_mean_absolute_contribution():
    told = measure_importance(ADDED, FEATURES)
    frame = told.to_frame()
    assert list(frame["field"]) == ["meeting_30d", "职业", "idle"]
    np.testing.assert_allclose(frame["importance"], [0.75, 0.2, 0.0])
    np.testing.assert_allclose(frame["points"], np.array([0.75, 0.2, 0.0]) / POINT)
    np.testing.assert_allclose(frame["share"], [0.75 / 0.95, 0.2 / 0.95, 0.0])
    assert list(frame["topic"]) == ["follow-up", "职业", "idle"]
    assert list(told.to_frame("zh")["name"]) == ["30 天内会议次数", "职业", "idle"]


def test_it_is_said_in_both_languages():
    told = measure_importance(ADDED, FEATURES)
    assert told.summary() == (
        "What moves the scores most, of 3 fields: meetings in 30 days (79\xa0%), 职业 (21\xa0%). 1 move none."
    )
    assert told.summary("zh") == (
        "3 个字段中对评分影响最大的：30 天内会议次数（79\xa0%）、职业（21\xa0%）。1 个字段没有影响。"
    )


@pytest.mark.parametrize("n", [0, 2])
def test_nothing_moves(n):
    told = measure_importance(np.zeros((n, 4)), FEATURES.iloc[:n])
    assert told.summary() == f"None of 3 fields moves a score ({n} rows)."
    assert told.summary("zh") == f"3 个字段均不影响评分（{n} 行）。"
    assert list(told.to_frame()["share"]) == [0, 0, 0]


def test_what_does_not_fit_is_said():
    with pytest.raises(ModelInputError, match="the constant last"):
        measure_importance(ADDED[:, :3], FEATURES)
