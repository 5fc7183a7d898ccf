"""A small synthetic workspace: outcomes enough for a score, too few for a search of its recipe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from funnelml.history.history import History
from funnelml.io.sample import write_sample
from funnelml.runs.demo import demo_settings, make_demo
from funnelml.synthetic import sample_world, simulate_crm
from funnelml.synthetic.parameters import Arrivals, Team

AS_OF = date(2026, 6, 30)
"""Day of the export."""
BEFORE = date(2026, 3, 31)
"""An earlier day on which there were outcomes enough."""


def make_small(root: Path, more: str = "", *, language: str = "en") -> Path:
    """Make a workspace with about 500 opportunities, or 400 in Chinese; ``more`` is added to its settings."""
    if language == "zh":
        make_demo(root, language="zh")
        text = demo_settings("zh")
    else:
        world = replace(sample_world("en"), arrivals=Arrivals(per_day=0.9), team=Team(seats=3), accounts=120)
        write_sample(simulate_crm(world, seed=1), root / "data" / "sample")
        text = demo_settings("en")
    (root / "funnelml.toml").write_text(f"{text}\n{more}", encoding="utf-8")
    return root


def in_pandas(history: History) -> History:
    """Return the history on the other engine."""
    return history.with_tables(
        **{name: history.lazy(name).collect(backend="pandas").to_native() for name in history.tables}
    )


def with_rows(history: History, name: str, rows: pd.DataFrame) -> History:
    """Return the history, in pandas, with more rows in a table."""
    table = history.tables[name]
    return history.with_tables(**{name: pd.concat([table, rows], ignore_index=True)})
