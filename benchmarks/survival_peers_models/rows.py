"""Rows that every peer learns from: records open at past dates, what was known of them, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from funnelml.history.episodes import stage_episodes
from funnelml.history.features.describe import describe_records
from funnelml.history.history import History
from funnelml.history.snapshot import take_snapshot
from funnelml.survival.covariates import choose_covariates
from funnelml.survival.evaluation.stay_outcomes import stay_outcomes

TRUSTED = ("amount",)  # asked for in the application, never changed
OWNERS = 8


@dataclass(frozen=True, kw_only=True)
class PeerRows:
    """Design matrix of records at an instant, with stage, days in it, and (of past ones) days and event after it."""

    design: pd.DataFrame
    stage: np.ndarray
    age: np.ndarray
    days: np.ndarray | None = None
    event: np.ndarray | None = None


def look_at(history: History, as_of: date) -> pd.DataFrame:
    """Return the open records of a date with what was known of them, as of that date alone."""
    snapshot = take_snapshot(history, as_of=as_of)
    records = snapshot.open[["record_id", "stage", "age_days"]].assign(cut=snapshot.cut)
    told = describe_records(history, records, as_of=as_of, trusted=TRUSTED).features
    return pd.concat([records, choose_covariates(told).drop(columns=["stage"], errors="ignore")], axis=1)


def past_rows(history: History, dates: Sequence[date], *, known_until: date) -> pd.DataFrame:
    """Return the records open on past dates, with ``days`` and ``event`` as known on the last day."""
    later = stage_episodes(history, as_of=known_until)
    parts = [look_at(history, day) for day in dates]
    told = [stay_outcomes(later, part).table[["days", "event"]] for part in parts]
    return pd.concat([pd.concat(pair, axis=1) for pair in zip(parts, told, strict=True)], ignore_index=True)


class Designer:
    """Numbers standardised, unknown ones at their median and flagged; the busiest owners and the stages as columns."""

    def __init__(self, past: pd.DataFrame) -> None:
        skip = ("record_id", "stage", "owner", "cut", "days", "event", "age_days")
        self.numbers = [c for c in past if c not in skip and past[c].dtype != object and past[c].std() > 0]
        self.median = past[self.numbers].median()
        self.unknown = [c for c in self.numbers if past[c].isna().mean() > 0.01]
        self.owners = list(past["owner"].value_counts().index[:OWNERS])
        self.stages = list(past["stage"].value_counts().index)
        filled = self._numbers(past)
        self.mean, self.spread = filled.mean(), filled.std() + 1e-9

    def rows(self, records: pd.DataFrame) -> PeerRows:
        columns = [(self._numbers(records) - self.mean) / self.spread]
        for name, values in (("owner", self.owners), ("stage", self.stages)):
            columns += [(records[name] == v).astype(float).rename(f"{name}_{v}") for v in values]
        ended = "event" in records
        return PeerRows(
            design=pd.concat(columns, axis=1).reset_index(drop=True),
            stage=records["stage"].to_numpy(dtype=object),
            age=records["age_days"].to_numpy(dtype=float),
            days=records["days"].to_numpy(dtype=float) if ended else None,
            event=records["event"].to_numpy(dtype=int) if ended else None,
        )

    def _numbers(self, records: pd.DataFrame) -> pd.DataFrame:
        out = records[self.numbers].astype(float).fillna(self.median)
        for name in self.unknown:
            out[f"{name}_unknown"] = records[name].isna().astype(float)
        return out.assign(age=records["age_days"], log_age=np.log1p(records["age_days"]))
