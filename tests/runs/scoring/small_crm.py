"""A small synthetic workspace: outcomes enough for a score, too few for a search of its recipe."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pandas as pd

from funnelml.history.history import History
from funnelml.io.sample import write_sample
from funnelml.runs.demo import ENCODING, FOLDER, demo_settings
from funnelml.synthetic import sample_world, simulate_crm
from funnelml.synthetic.parameters import Arrivals, Team

AS_OF = date(2026, 6, 30)
"""Day of the export."""
BEFORE = date(2026, 4, 30)
"""An earlier day on which there were outcomes enough."""


def make_small(root: Path, more: str = "", *, language: Literal["en", "zh"] = "en") -> Path:
    """Make a workspace with about 500 opportunities; ``more`` is added to its settings."""
    world = replace(sample_world(language), arrivals=Arrivals(per_day=0.9), team=Team(seats=3), accounts=120)
    # Seeds whose few judged wins look neither too good to be true nor like chance.
    crm = simulate_crm(world, seed={"en": 10, "zh": 3}[language])
    write_sample(crm, root / FOLDER[language], encoding=ENCODING[language])
    (root / "funnelml.toml").write_text(f"{demo_settings(language)}\n{more}", encoding="utf-8")
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
