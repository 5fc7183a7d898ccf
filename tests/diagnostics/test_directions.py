"""Directions: what the team did, in the words of two languages."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.diagnostics.directions import is_outbound


def test_directions_are_understood_in_both_languages_and_unknown_ones_are_not_ours():
    told = is_outbound(pd.Series(["Outbound", " OUT ", "呼出", "inbound", "呼入", None, ""], index=range(3, 10)))
    assert told.tolist() == [True, True, True, False, False, False, False]
    assert told.index.tolist() == list(range(3, 10))
    assert is_outbound(pd.Series([np.nan, np.nan])).tolist() == [False, False]
    assert is_outbound(pd.Series([], dtype="float64")).empty
