"""All the CRM told us: canonical tables, the funnels they speak of, and how dates are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

import narwhals as nw
import pandas as pd

from funnelml.errors import AsOfError, FunnelError, ValidationError, did_you_mean
from funnelml.history.dates import cut_of, day_of
from funnelml.history.funnel import Funnel
from funnelml.schema import TABLES, find_problems


@dataclass(frozen=True, kw_only=True)
class History:
    """Canonical, validated tables of one workspace.

    Parameters
    ----------
    tables : mapping of str to frame
        Canonical tables by name: pandas frames, or any frame narwhals understands (DuckDB relations).
        ``stage_changes`` is required; stages carry canonical names.
    funnels : tuple of Funnel
        The funnels that the tables speak of.
    time_zone : str
        IANA zone in which a day begins.
    grain : {"instant", "day"}
        ``"day"`` if the source knows only dates: stays are then whole days, also across a change of clocks.
    assumed : frozenset of str
        Tables whose ``recorded_at`` is not known and was taken to be the event time.
    """

    tables: Mapping[str, Any]
    funnels: tuple[Funnel, ...]
    time_zone: str = "UTC"
    grain: Literal["instant", "day"] = "instant"
    assumed: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        problems = [f"no canonical table is named '{n}'" for n in self.tables if n not in TABLES]
        if "stage_changes" not in self.tables:
            problems.append("there is no stage_changes table")
        for name, table in self.tables.items():
            if name in TABLES and isinstance(table, pd.DataFrame):
                problems += find_problems(name, table)
        if problems:
            raise ValidationError(problems, "Correct the columns in funnelml.toml, then run: funnelml check")

    def funnel(self, name: str | None = None) -> Funnel:
        """Return the funnel of that name; the only one, or the first, if no name is given.

        Raises
        ------
        FunnelError
            If there is none of that name.
        """
        if name is None:
            return self.funnels[0]
        for funnel in self.funnels:
            if funnel.name == name:
                return funnel
        names = [f.name for f in self.funnels]
        raise FunnelError(f"no funnel '{name}'{did_you_mean(name, names)}; there are {', '.join(names)}")

    def lazy(self, table: str) -> nw.LazyFrame[Any] | None:
        """Return a canonical table as a narwhals lazy frame, or None if there is none."""
        native = self.tables.get(table)
        return None if native is None else nw.from_native(native).lazy()

    def recorded_span(self, funnel: Funnel) -> tuple[int, int]:
        """Return the first and the last recorded instant of the funnel's stage changes, in microseconds.

        Raises
        ------
        AsOfError
            If the funnel has no stage changes.
        """
        log = self.lazy("stage_changes")
        assert log is not None
        ends = (
            log.filter(nw.col("funnel") == funnel.name)
            .select(first=nw.col("recorded_at").min(), last=nw.col("recorded_at").max())
            .collect(backend="pandas")
            .to_native()
        )
        if pd.isna(ends["first"].iloc[0]):
            raise AsOfError(f"funnel '{funnel.name}' has no stage changes; check the mapping of its sources")
        return int(ends["first"].iloc[0]), int(ends["last"].iloc[0])

    def known_until(self, funnel: Funnel) -> date:
        """Return the local date of the last recorded stage change: later as-of dates see nothing new."""
        return day_of(self.recorded_span(funnel)[1], self.time_zone)

    def cut(self, as_of: date) -> int:
        """Return the first instant that is no longer known on ``as_of``."""
        return cut_of(as_of, self.time_zone)

    def with_tables(self, **tables: Any) -> History:
        """Return a history in which these tables replace those of the same name."""
        return replace(self, tables={**self.tables, **tables})

    def to_frame(self, table: str) -> pd.DataFrame:
        """Return a canonical table in pandas with instants as timestamps in the workspace's time zone."""
        lazy = self.lazy(table)
        if lazy is None:
            raise FunnelError(f"the history has no table '{table}'{did_you_mean(table, self.tables)}")
        frame = lazy.collect(backend="pandas").to_native().copy()
        for column in TABLES[table].columns:
            if column.kind == "instant" and column.name in frame:
                utc = pd.to_datetime(frame[column.name], unit="us", utc=True)
                frame[column.name] = utc.dt.tz_convert(self.time_zone)
        return frame
