"""A small table of leads, some of them not decided yet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.runs.scoring.table_file import read_leads

KNOWN, NEW = 300, 24


def leads(known: int = KNOWN, new: int = NEW) -> pd.DataFrame:
    """Leads that convert the more often the more they visit, and most often if referred; the last ones are open."""
    rng = np.random.default_rng(0)
    n = known + new
    visits, source = rng.normal(size=n), rng.choice(["Web", "Fair", "Referral"], n)
    chance = 1 / (1 + np.exp(-(1.5 * visits + 1.5 * (source == "Referral") - 0.8)))
    won = pd.Series((rng.random(n) < chance).astype(int)).astype(str)
    won[known:] = ""
    ids = [f"L-{i}" for i in range(n)]
    return pd.DataFrame({"lead": ids, "visits": visits.round(3), "source": source, "won": won})


def written(tmp_path, table: pd.DataFrame):
    path = tmp_path / "leads.csv"
    table.to_csv(path, index=False)
    return path


def read(tmp_path, table: pd.DataFrame, **told):
    return read_leads(written(tmp_path, table), **({"label": "won", "record_id": "lead"} | told))
