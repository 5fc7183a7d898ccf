"""The log of a funnel, ready to be asked about many records at many instants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw
import numpy as np
import pandas as pd

from funnelml.history.features.field_values import FieldValues, reader_of
from funnelml.history.features.fixed_values import read_fixed_values
from funnelml.history.features.known_rows import KnownRows
from funnelml.history.features.past_fields import PastFields, sort_fields, tracked_since
from funnelml.history.history import History
from funnelml.history.record_log import RecordLog, read_log_before


@dataclass(frozen=True, kw_only=True)
class PastLog:
    """A log and the fixed values of its records.

    Parameters
    ----------
    log : RecordLog
        What was recorded before an instant.
    fixed : pandas.DataFrame
        Fixed values, as ``read_fixed_values`` returns them.
    fields : PastFields
        The fields whose past is known.
    trusted : tuple of str
        Fields taken as unchanged since the record was created.
    leads : pandas.DataFrame
        ``created_at, recorded_at`` of each lead (the index).
    grain : {"instant", "day"}
        What the log knows of time.
    ids : pandas.Index
        Every record of the log, and those asked about.
    stages : KnownRows
        The stage changes with ``rank``.
    """

    log: RecordLog
    fixed: pd.DataFrame
    fields: PastFields
    trusted: tuple[str, ...]
    leads: pd.DataFrame
    grain: str
    ids: pd.Index
    stages: KnownRows

    def field(self, name: str) -> FieldValues:
        """Return the values of a field of any record at any instant."""
        read = reader_of(name, self.log.time_zone)
        since = None if name in self.trusted else tracked_since(self.log, name)
        return FieldValues(self.ids, self.log.changes_of(name), self.fixed, name, read, since)


def read_past_log(
    history: History, cut: int, asked: pd.Index, *, funnel: str | None = None, trusted: Sequence[str] = ()
) -> PastLog:
    """Read the log of a funnel up to an instant.

    Parameters
    ----------
    history : History
        Canonical tables.
    cut : int
        First instant that is not known, in microseconds.
    asked : pandas.Index
        Records that will be asked about.
    funnel : str, optional
        Name of the funnel; the first by default.
    trusted : sequence of str
        Fields to be taken as unchanged since the record was created.

    Raises
    ------
    FunnelError
        If a trusted field does not exist.
    """
    log = read_log_before(history, cut, funnel=funnel)
    fixed = read_fixed_values(history, log)
    ids = pd.Index(log.stages["record_id"].unique(), dtype=object).union(asked.unique(), sort=False)
    record = ids.get_indexer(pd.Index(log.stages["record_id"])).astype(np.int64)
    return PastLog(
        log=log,
        fixed=fixed,
        fields=sort_fields(log, fixed, trusted),
        trusted=tuple(trusted),
        leads=_read_leads(history, cut),
        grain=history.grain,
        ids=ids,
        stages=KnownRows(log.stages, record, log.stages["entered_at"].to_numpy(dtype=np.int64)),
    )


def _read_leads(history: History, cut: int) -> pd.DataFrame:
    leads = history.lazy("leads")
    if leads is None:
        return pd.DataFrame(columns=["created_at", "recorded_at"], dtype="int64")
    known = leads.filter(nw.col("recorded_at") < cut).select("lead_id", "created_at", "recorded_at")
    frame: pd.DataFrame = known.collect(backend="pandas").to_native()
    return frame.assign(lead_id=frame["lead_id"].astype(object)).set_index("lead_id")
