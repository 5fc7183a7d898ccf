"""A workspace, loaded: its settings, its history, and everything that was found on the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd

from funnelml.history.dates import instant_of
from funnelml.history.history import History
from funnelml.history.repairs import RepairReport, describe_log, repair_tables
from funnelml.io.engine import on_duckdb
from funnelml.io.load import LoadedTables, load_tables, write_quarantine
from funnelml.runs.settings import Settings, read_settings

QUARANTINE = Path("data/interim/quarantine.csv")
"""Where rows that could not be read are kept, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A loaded workspace.

    Parameters
    ----------
    settings : Settings
        What ``funnelml.toml`` says.
    history : History
        Canonical tables on the engine of the settings.
    loaded : LoadedTables
        What was read from each source, set aside and rejected.
    repairs : RepairReport
        What was mended.
    oddities : RepairReport
        What looks odd in the stage log and was kept.
    quarantine : pathlib.Path or None
        File with the unreadable rows, if there were any.
    """

    settings: Settings
    history: History
    loaded: LoadedTables
    repairs: RepairReport
    oddities: RepairReport
    quarantine: Path | None

    def findings(self) -> pd.DataFrame:
        """Return all that was mended or looks odd, one row per finding."""
        return pd.concat([self.repairs.table, self.oddities.table], ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``funnelml check --json`` prints."""
        spans = {}
        for funnel in self.settings.funnels:
            changes = self.history.to_frame("stage_changes")
            own = changes[changes["funnel"] == funnel.name]
            spans[funnel.name] = {
                "records": int(own["record_id"].nunique()),
                "stage_changes": len(own),
                "first_recorded": own["recorded_at"].min().isoformat() if len(own) else None,
                "last_recorded": own["recorded_at"].max().isoformat() if len(own) else None,
            }
        return {
            "schema_version": 1,
            "funnels": spans,
            "sources": self.loaded.to_frame().to_dict("records"),
            "rejected": len(self.loaded.rejects),
            "undated": len(self.loaded.undated),
            "quarantine": str(self.quarantine) if self.quarantine else None,
            "findings": self.findings().to_dict("records"),
        }


def load_workspace(root: Path) -> Workspace:
    """Read the settings of a workspace and load its sources.

    Parameters
    ----------
    root : pathlib.Path
        Folder that holds ``funnelml.toml``.

    Returns
    -------
    Workspace
        Unreadable rows have been written to ``data/interim/quarantine.csv`` beside it.

    Raises
    ------
    FunnelmlError
        If the settings or a source cannot be used; nothing is written then.
    """
    settings = read_settings(root)
    loaded = load_tables(
        settings.sources,
        settings.funnels,
        root=root,
        time_zone=settings.time_zone,
        grain=settings.grain,
        max_unreadable=settings.max_unreadable,
    )
    tables, repairs = repair_tables(dict(loaded.tables), exported_at=settings.exported_at, time_zone=settings.time_zone)
    if settings.quotas:
        tables["quotas"] = pd.concat(
            [*([tables["quotas"]] if "quotas" in tables else []), _quota_table(settings)], ignore_index=True
        )
    history = History(
        tables=tables,
        funnels=settings.funnels,
        time_zone=settings.time_zone,
        grain=cast(Literal["instant", "day"], settings.grain),
        assumed=frozenset(loaded.assumed),
    )
    if settings.engine == "duckdb":
        history = on_duckdb(history)
    oddities = describe_log(history)
    quarantine = write_quarantine(loaded.rejects, root / QUARANTINE)
    return Workspace(
        settings=settings,
        history=history,
        loaded=loaded,
        repairs=repairs,
        oddities=oddities,
        quarantine=quarantine,
    )


def _quota_table(settings: Settings) -> pd.DataFrame:
    """Turn the quotas of the settings into the canonical table; a plan has always been known."""
    rows = [
        {
            "period_start": instant_of(q.start, settings.time_zone),
            "period_end": instant_of(q.end + timedelta(days=1), settings.time_zone),
            "recorded_at": 0,
            "owner": None,
            "funnel": q.funnel,
            "amount": float(q.amount),
        }
        for q in settings.quotas
    ]
    return pd.DataFrame(rows)
