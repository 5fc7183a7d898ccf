"""Stays as plain arrays: what comes back is what a model learns its baseline from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from funnelml.survival.packed_stays import pack_stays
from tests.survival.small_stays import STAGES, rows_of

COVARIATES = pd.DataFrame(
    {"来源": np.array(["网站", None, "email"], dtype=object), "amount": [1.0, np.nan, 3.0], "left out": [1.0, 2.0, 3.0]}
)


@pytest.mark.parametrize("grain", ["instant", "day"])
def test_stays_come_back_without_ids_and_dates(grain):
    rows = rows_of(
        [STAGES[0], STAGES[1], STAGES[0]],
        [3.0, 4.0, 5.0],
        [1, 0, 3],
        covariates=COVARIATES,
        ids=["b", "a", "b"],
        grain=grain,
    )
    back = pack_stays(rows, ["来源", "amount"]).unpack()
    for name in ("stage", "age", "duration", "event", "next_stage", "place"):
        assert getattr(back, name).tolist() == getattr(rows, name).tolist(), name
    assert (back.stages, back.grain, back.time_zone) == (rows.stages, rows.grain, rows.time_zone)
    assert back.record_id.tolist() == [0, 1, 0]
    assert not back.at.any() and not back.entered_at.any()
    pd.testing.assert_frame_equal(back.covariates, COVARIATES[["来源", "amount"]])


def test_without_covariates_there_are_none():
    back = pack_stays(rows_of([STAGES[0]] * 2, [1.0, 2.0], [1, 2])).unpack()
    assert back.covariates.shape == (2, 0) and len(back) == 2
