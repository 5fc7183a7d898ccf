"""What was known of records at instants: the features of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import AsOfError, ModelInputError, did_you_mean, first_few
from funnelml.history.features.activity_features import describe_activities
from funnelml.history.features.amount_and_date_features import describe_amounts, describe_close_dates
from funnelml.history.features.calendar_features import describe_calendar
from funnelml.history.features.field_values import read_numbers
from funnelml.history.features.known_rows import Moments
from funnelml.history.features.past_fields import OWN, PastFields
from funnelml.history.features.past_log import PastLog, read_past_log
from funnelml.history.features.stage_features import describe_stages
from funnelml.history.features.track_record import describe_track_records
from funnelml.history.history import History
from funnelml.language import Language, say
from funnelml.schema import DAY

_TEXTS = ("source", "segment", "product", "account", "owner", "team", "loss_reason")
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RecordFeatures:
    """What was known of records at instants.

    Parameters
    ----------
    features : pandas.DataFrame, shape (n, k)
        One row per moment, in their order: numbers as float64 (NaN if unknown), texts as object (None if unknown).
    fields : PastFields
        Which fields were used, taken on trust, or left out.
    """

    features: pd.DataFrame
    fields: PastFields

    @property
    def left_out(self) -> Mapping[str, str]:
        """Fields whose past is not known, with the reason."""
        return self.fields.left_out

    @property
    def assumed(self) -> tuple[str, ...]:
        """Fields without a history that were taken as set when the record was created."""
        return self.fields.assumed

    def to_frame(self) -> pd.DataFrame:
        """Return the features."""
        return self.features

    def summary(self, language: Language = "en") -> str:
        """Return how many features there are, and which fields were left out or taken on trust."""
        rows, columns = self.features.shape
        count = say(
            language,
            en=f"{columns:,} features of {rows:,} records at an instant. ",
            zh=f"{rows:,} 个时点记录，共 {columns:,} 个特征。",
        )
        return count + self.fields.summary(language)


def describe_records(
    history: History,
    moments: pd.DataFrame,
    *,
    funnel: str | None = None,
    as_of: date | None = None,
    trusted: Sequence[str] = (),
) -> RecordFeatures:
    """Describe records as they were known at given instants.

    Parameters
    ----------
    history : History
        Canonical tables, on pandas, DuckDB or any frame narwhals understands.
    moments : pandas.DataFrame, shape (n, >= 2)
        ``record_id`` and ``cut``: the first instant that is not known, in microseconds; as ``date_landmarks`` and
        ``age_landmarks`` return them.
    funnel : str, optional
        Name of the funnel; the first by default.
    as_of : datetime.date, optional
        Last day of the log: nothing recorded later has any effect. The log until then says which fields have a
        history, and what stood before the first change of a record. By default it ends at the latest moment.
    trusted : sequence of str
        Fields to be taken as unchanged since the record was created, although nothing says so.

    Returns
    -------
    RecordFeatures

    Raises
    ------
    ModelInputError
        If ``moments`` lacks a column.
    AsOfError
        If nothing was known of a record at its instant.
    FunnelError
        If a trusted field does not exist.

    Notes
    -----
    A row of a log counts at a moment if it was recorded, and had happened, before it; of those rows the features follow
    the rules of ``take_snapshot``. Ages are in days of 24 hours up to the last known microsecond. ``owner_win_rate``
    and ``source_win_rate`` are (won + 20 b) / (closed + 20) over the other records of that owner or source that had
    closed, b being the share won of all that had closed. A record itself never counts among those of its owner, source
    or account. A field that stands in the opportunities table alone is known as of the export, not before, and one with
    a log of its changes from the first of them on: see ``find_past_fields``.
    """
    _check(moments)
    cut = moments["cut"].to_numpy(dtype=np.int64)
    until = int(cut.max(initial=0)) if as_of is None else history.cut(as_of)
    asked = pd.Index(moments["record_id"].astype(object))
    past = read_past_log(history, until, asked, funnel=funnel, trusted=trusted)
    fields = past.fields
    at = Moments(ids=past.ids, record=past.ids.get_indexer(asked).astype(np.int64), cut=cut)
    stood = describe_stages(past.stages, at, past.log.funnel)
    _check_known(stood, at)
    created_at = stood["created_at"].to_numpy()
    texts = {name: past.field(name).at(at.record, at.cut) for name in _TEXTS if name in fields.known}
    own_texts, own_numbers = _other_fields(past, at)
    numbers = {
        **_amounts(past, at, fields.known),
        **_ages(stood, at.cut, past.grain),
        **_close_dates(past, at, fields.known),
        **_activities(past, at, created_at),
        **describe_track_records(past, at, fields.known),
        **describe_calendar(at.cut, created_at, time_zone=history.time_zone, grain=history.grain),
        **_lead_ages(past, at, created_at, fields.known),
        **own_numbers,
    }
    texts = {"stage": stood["stage"].to_numpy(dtype=object)} | texts | own_texts
    columns = texts | {name: values.astype(np.float64) for name, values in numbers.items()}
    return RecordFeatures(features=pd.DataFrame(columns), fields=fields)


def _check(moments: pd.DataFrame) -> None:
    for column in ("record_id", "cut"):
        if column not in moments:
            hint = did_you_mean(column, moments.columns)
            raise ModelInputError(f"moments have no column '{column}'{hint}; they need record_id and cut")
        if moments[column].isna().any():
            raise ModelInputError(f"{int(moments[column].isna().sum()):,} moments have no {column}")


def _check_known(stood: pd.DataFrame, moments: Moments) -> None:
    unknown = stood["created_at"].isna().to_numpy()
    if unknown.any():
        raise AsOfError(
            f"nothing was known of {int(unknown.sum()):,} of {len(moments):,} records at their instant "
            f"({first_few(moments.record_id[unknown])}); take moments from date_landmarks or age_landmarks"
        )


def _ages(stood: pd.DataFrame, cut: NDArray[np.int64], grain: str) -> dict[str, FloatArray]:
    out = {}
    for name, since in (("age_days", "created_at"), ("stage_age_days", "entered_at")):
        start = stood[since].to_numpy()
        age = (cut - 1 - start) / DAY
        # As in a snapshot: whole days, whatever the clocks did.
        out[name] = np.round((cut - start) / DAY) - 1 / DAY if grain == "day" else age
    return out | {name: stood[name].to_numpy() for name in ("visit", "moves", "moves_back", "stages_skipped")}


def _amounts(past: PastLog, moments: Moments, known: tuple[str, ...]) -> dict[str, FloatArray]:
    out = describe_amounts(past.field("amount"), moments) if "amount" in known else {}
    if "probability" in known:
        out["probability"] = past.field("probability").at(moments.record, moments.cut)
    return out


def _close_dates(past: PastLog, moments: Moments, known: tuple[str, ...]) -> dict[str, FloatArray]:
    if "expected_close_date" not in known:
        return {}
    return describe_close_dates(past.field("expected_close_date"), moments, past.log.time_zone)


def _activities(past: PastLog, moments: Moments, created_at: FloatArray) -> dict[str, FloatArray]:
    if past.log.activities is None:
        return {}
    return describe_activities(past.log.activities, moments, created_at)


def _lead_ages(
    past: PastLog, moments: Moments, created_at: FloatArray, known: tuple[str, ...]
) -> dict[str, FloatArray]:
    """Return the days from lead to opportunity, where the opportunity named its lead and that was known."""
    if "lead_id" not in known or past.leads.empty:
        return {}
    lead = pd.Index(past.field("lead_id").at(moments.record, moments.cut), dtype=object)
    of = past.leads.reindex(lead).astype("float64")
    born = of["created_at"].where(of["recorded_at"] < moments.cut).to_numpy()
    return {"lead_age_days": (created_at - born) / DAY}


def _other_fields(past: PastLog, moments: Moments) -> tuple[dict[str, NDArray[np.object_]], dict[str, FloatArray]]:
    """Return the fields that only the log knows: as numbers if all their values are, else as texts."""
    texts, numbers = {}, {}
    for name in (field.removeprefix(OWN) for field in past.fields.known if field.startswith(OWN)):
        values = past.field(name).at(moments.record, moments.cut)
        written = past.log.changes_of(name)["new"].dropna()
        if len(written) and not np.isnan(read_numbers(written)).any():
            numbers[OWN + name] = read_numbers(pd.Series(values, dtype=object))
        else:
            texts[OWN + name] = values
    return texts, numbers
