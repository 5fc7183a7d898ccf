"""Case mix: what is explained by the mix, and what is left to the groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from funnelml.diagnostics.comparison.case_mix import RARE, mix_log_odds


def table(cells: list[tuple[str, str, int, int]]) -> pd.DataFrame:
    """Records from (group, segment, wins, of how many)."""
    parts = [
        pd.DataFrame({"group": g, "segment": s, "value": np.arange(n) < won, "first_amount": np.nan})
        for g, s, won, n in cells
    ]
    return pd.concat(parts, ignore_index=True).astype({"value": float})


def test_the_mix_explains_segments_and_leaves_the_groups_alone() -> None:
    """Odds of the segments are 1 : 6 whoever works them; group B is better and has more of the easy one."""
    cells = []
    for group, shift, hard in (("A", 0.0, 1500), ("B", 0.5, 500)):
        for segment, base, n in (("hard", logit(0.1), hard), ("easy", logit(0.1) + np.log(6), 2000 - hard)):
            cells.append((group, segment, round(n * expit(base + shift)), n))
    records = table(cells)
    told = pd.Series(mix_log_odds(records, ["segment"])).groupby(records["segment"]).mean()
    assert abs(told["easy"] - told["hard"] - np.log(6)) < 0.05


def test_amounts_enter_as_logs_and_unknown_ones_have_their_own_part() -> None:
    rng = np.random.default_rng(1)
    amount = np.exp(rng.normal(10, 1, size=20_000))
    unknown = rng.random(20_000) < 0.3
    chance = expit(-1 - 0.5 * (np.log(amount) - 10)) * ~unknown + 0.5 * unknown
    records = pd.DataFrame(
        {"group": "A", "value": (rng.random(20_000) < chance) * 1.0, "first_amount": np.where(unknown, np.nan, amount)}
    )
    told = mix_log_odds(records, ["amount"])
    slope = np.polyfit(np.log(amount[~unknown]), told[~unknown], 1)[0]
    assert abs(slope + 0.5) < 0.08
    assert abs(expit(told[unknown]).mean() - 0.5) < 0.03


def test_rare_values_share_one_coefficient() -> None:
    records = table([("A", "big", 50, 100), ("A", "x", 0, RARE - 1), ("A", "y", 5, 5)])
    told = pd.Series(mix_log_odds(records, ["segment"])).groupby(records["segment"]).first()
    assert told["x"] == told["y"] != told["big"]
