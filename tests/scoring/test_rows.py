"""Rows to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from funnelml.errors import ModelInputError
from funnelml.scoring.rows import ScoringRows
from funnelml.scoring.why_not import WhyNot


def rows():
    return ScoringRows(
        features=pd.DataFrame({"x": [1.0, 2.0, 3.0]}),
        record_id=np.array(["a", "b", "a"], dtype=object),
        label=np.array([0.0, 1.0, 1.0]),
        at=np.array([10, 20, 30]),
        known_at=np.array([15, 25, 35]),
    )


def test_rows_are_taken_by_mask_and_by_position():
    by_mask, by_position = rows().take(np.array([True, False, True])), rows().take(np.array([2, 0]))
    assert by_mask.features["x"].tolist() == [1, 3] and by_mask.at.tolist() == [10, 30]
    assert by_position.features["x"].tolist() == [3, 1] and by_position.record_id.tolist() == ["a", "a"]
    assert by_position.features.index.tolist() == [0, 1]
    assert rows().positives == 2


def test_labels_are_known_from_their_instant_on():
    assert rows().known_by(25).label.tolist() == [0, 1]


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ModelInputError, match="label has 2 values for 3 rows"):
        ScoringRows(features=rows().features, record_id=rows().record_id, label=np.array([0.0, 1.0]))
    with pytest.raises(ModelInputError, match=r"1 labels are neither 0 nor 1 \(b\)"):
        ScoringRows(features=rows().features, record_id=rows().record_id, label=np.array([0.0, 2.0, 1.0]))


def test_withheld_features_are_gone_and_their_reasons_stay():
    first, second = WhyNot(en="too short", zh="太短"), WhyNot(en="moves", zh="变动")
    told = replace(rows(), features=rows().features.assign(y=1.0, z=2.0)).withhold({"y": first}).withhold({"x": second})
    assert list(told.features) == ["z"] and dict(told.withheld) == {"y": first, "x": second}
    assert told.take(np.array([0])).withheld == told.withheld
    assert told.withheld["y"].tell("zh") == "太短" and told.withheld["y"].tell() == "too short"
