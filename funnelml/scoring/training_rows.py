"""Rows to learn a score from: records at landmarks, as they were known then, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from funnelml.errors import AsOfError, FunnelError, NotEnoughDataError, did_you_mean
from funnelml.history.dates import day_of
from funnelml.history.features.describe import describe_records
from funnelml.history.features.known_rows import KnownPairs, KnownRows, Moments
from funnelml.history.features.past_fields import PastFields
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.landmarks import add_days, date_landmarks
from funnelml.history.log_end import find_log_end
from funnelml.history.moves import known_moves
from funnelml.history.record_log import read_log_before
from funnelml.schema import DAY
from funnelml.scoring.rows import ScoringRows

_FEWEST, _MOST = 12, 26
"""Landmark dates that are wanted, and that are enough."""
_RECORDED = 0.99
"""Share of the moves into the outcome that must have been recorded before a label is taken as known."""


def training_rows(
    history: History,
    *,
    as_of: date,
    horizon_days: int,
    landmarks: pd.DataFrame | None = None,
    funnel: str | None = None,
    outcome: str = WON,
    trusted: Sequence[str] = (),
) -> ScoringRows:
    """Return open records at landmarks as they were known then, labelled by what is known on ``as_of``.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    horizon_days : int
        Days from a landmark within which the outcome counts: of 24 hours, or of the calendar in a log that knows only
        days.
    landmarks : pandas.DataFrame, optional
        ``record_id, cut`` as ``date_landmarks`` or ``age_landmarks`` return them; if not given, the records open at the
        dates of ``default_landmarks``.
    funnel : str, optional
        Name of the funnel; the first by default.
    outcome : str
        ``won``, or an open stage: to be reached, or passed, or to be won.
    trusted : sequence of str
        Fields to be taken as unchanged since the record was created; see ``find_past_fields``.

    Returns
    -------
    ScoringRows
        The label is 1 if a move into the outcome happened in ``[cut, cut + horizon)`` and was recorded before
        ``known_at``: the end of that window and of the lag within which 99 % of such moves were recorded, of all that
        are known, but of no longer lag than the horizon. What was recorded later has no effect on it.

    Raises
    ------
    FunnelError
        If the outcome is no stage of the funnel.
    AsOfError
        If the horizon is not at least a day.
    NotEnoughDataError
        If no label is known by ``as_of``.

    Notes
    -----
    A landmark whose label is not known by ``as_of`` is dropped by its date alone, never by what became of the record:
    otherwise those won early would stay and those still open would go. Labels are known up to the last stage change
    that was recorded by ``as_of``: in a log that ends before that day, what has not happened may only not be there yet.
    """
    of = history.funnel(funnel)
    reached = _find_outcome(of, outcome)
    _check_horizon(horizon_days)
    end = find_log_end(history, of, as_of)
    lag = _lag_of(_moves_into(reached, history, of, history.cut(as_of)), horizon_days)
    if landmarks is None:
        dates = default_landmarks(history, as_of=as_of, horizon_days=horizon_days, funnel=of.name, outcome=outcome)
        landmarks = date_landmarks(history, as_of_dates=dates, funnel=of.name)
    if landmarks.empty:
        raise NotEnoughDataError("no record was open at the landmarks; choose dates or ages at which some were")
    known_at = add_days(landmarks["cut"].to_numpy(dtype=np.int64), horizon_days, history) + lag
    ended = known_at <= end
    if not ended.any():
        raise NotEnoughDataError(_tell_too_early(history, landmarks["cut"].min(), known_at.min(), end, as_of))
    known, known_at = landmarks[ended], known_at[ended]
    described = describe_records(history, known, funnel=of.name, as_of=as_of, trusted=trusted)
    cut = known["cut"].to_numpy(dtype=np.int64)
    record_id = known["record_id"].to_numpy(dtype=object)
    rows = ScoringRows(
        features=described.features,
        record_id=record_id,
        outcome=outcome_text(outcome, horizon_days),
        label=_labels(history, of, reached, record_id, cut=cut, close=known_at - lag, known_at=known_at),
        at=cut,
        known_at=known_at,
        dropped=_count({_tell_not_known(history, end, as_of): int((~ended).sum())}),
    )
    return _without_those_there(_with_fields(rows, described.fields), of, reached, outcome)


def scoring_rows(
    history: History,
    *,
    as_of: date,
    horizon_days: int,
    funnel: str | None = None,
    outcome: str = WON,
    trusted: Sequence[str] = (),
    known_on: date | None = None,
) -> ScoringRows:
    """Return the records open on ``as_of`` as they are known then, without labels, in the columns of ``training_rows``.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    horizon_days : int
        Days within which the outcome would count.
    funnel, outcome, trusted
        As in ``training_rows``.
    known_on : datetime.date, optional
        Today, where ``as_of`` is past; by default ``as_of``. The columns are then those of ``training_rows`` on that
        day, empty where nothing was known on ``as_of``, and what changes recorded since then wrote over the table of
        opportunities is undone. Nothing else recorded after ``as_of`` has any effect.

    Raises
    ------
    FunnelError
        If the outcome is no stage of the funnel.
    AsOfError
        If ``known_on`` is before ``as_of``, or the horizon is not at least a day.
    """
    of = history.funnel(funnel)
    reached = _find_outcome(of, outcome)
    _check_horizon(horizon_days)
    today = as_of if known_on is None else known_on
    if today < as_of:
        raise AsOfError(f"known_on {today} is before as_of {as_of}; it is the day on which one looks back")
    still = date_landmarks(history, as_of_dates=[as_of], funnel=of.name)
    described = describe_records(history, still, funnel=of.name, as_of=today, trusted=trusted)
    rows = ScoringRows(
        features=described.features,
        record_id=still["record_id"].to_numpy(dtype=object),
        outcome=outcome_text(outcome, horizon_days),
        at=still["cut"].to_numpy(dtype=np.int64),
    )
    return _without_those_there(_with_fields(rows, described.fields), of, reached, outcome)


def default_landmarks(
    history: History, *, as_of: date, horizon_days: int, funnel: str | None = None, outcome: str = WON
) -> tuple[date, ...]:
    """Return the dates at which open records are looked at, if none are given.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known.
    horizon_days : int
        Days from a landmark within which the outcome counts.
    funnel, outcome
        As in ``training_rows``.

    Returns
    -------
    tuple of datetime.date
        In order; the last is the latest of the weekday of ``as_of`` whose outcome is known on ``as_of`` and from the
        log (or the first day of the log, if that is later), the others lie four weeks apart before it, at most 26.
        Where the log is too short for twelve of them they lie one week apart.

    Raises
    ------
    NotEnoughDataError
        If no outcome is known by ``as_of``.
    """
    of = history.funnel(funnel)
    _check_horizon(horizon_days)
    moves = _moves_into(_find_outcome(of, outcome), history, of, history.cut(as_of))
    lag = _lag_of(moves, horizon_days)

    def known_at(day: date) -> int:
        return int(add_days(np.array([history.cut(day)], dtype=np.int64), horizon_days, history)[0]) + lag

    end = find_log_end(history, of, as_of)
    first, last = day_of(history.recorded_span(of)[0], history.time_zone), day_of(end, history.time_zone)
    while last >= first and known_at(last) > end:
        last -= timedelta(days=1)
    if last < first:
        raise NotEnoughDataError(_tell_too_early(history, history.cut(first), known_at(first), end, as_of))
    # Days since anything depend on the day of the week they are counted on: a weekend of rest lies in them, or not.
    same_weekday = last - timedelta(days=(last - as_of).days % 7)
    last = max(same_weekday, first)
    span = (last - first).days
    step = 28 if span >= 28 * (_FEWEST - 1) else 7
    return tuple(last - timedelta(days=step * k) for k in reversed(range(min(_MOST, span // step + 1))))


def find_conversions(history: History, *, as_of: date, funnel: str | None = None, outcome: str = WON) -> pd.DataFrame:
    """Return the days on which records came to the outcome, by what is known on ``as_of``.

    Returns
    -------
    pandas.DataFrame
        ``record_id, converted_on`` (a date), one row for each time: a record that was opened again may convert again.
    """
    of = history.funnel(funnel)
    moves = _moves_into(_find_outcome(of, outcome), history, of, history.cut(as_of))
    days = [day_of(at, history.time_zone) for at in moves["entered_at"]]
    return pd.DataFrame({"record_id": moves["record_id"].to_numpy(dtype=object), "converted_on": days})


def outcomes_known_until(history: History, *, as_of: date, funnel: str | None = None) -> date:
    """Return the last day of which the log, as known on ``as_of``, tells every outcome.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known.
    funnel : str, optional
        Name of the funnel; the first by default.

    Returns
    -------
    datetime.date
        The day before that of the last recorded stage change, which may have gone on after it.
    """
    return day_of(find_log_end(history, history.funnel(funnel), as_of), history.time_zone) - timedelta(days=1)


def _find_outcome(funnel: Funnel, outcome: str) -> tuple[int, ...]:
    """Return the ranks that count: won, or the stage, those after it and won."""
    if outcome not in (*funnel.stages, WON):
        names = ", ".join((*funnel.stages[1:], WON))
        hint = did_you_mean(outcome, (*funnel.stages, WON))
        raise FunnelError(f"funnel '{funnel.name}' has no outcome '{outcome}'{hint}; there are {names}")
    return tuple(range(funnel.order[outcome], funnel.order[LOST]))


def _check_horizon(horizon_days: int) -> None:
    if horizon_days < 1:
        raise AsOfError(f"a horizon of {horizon_days} days is too short; it must be at least one day")


def _moves_into(reached: tuple[int, ...], history: History, funnel: Funnel, cut: int) -> pd.DataFrame:
    """Return the moves from elsewhere into the ranks that count: ``record_id, entered_at, recorded_at``."""
    order = ["record_id", "entered_at", "recorded_at", "rank"]
    table: pd.DataFrame = known_moves(history, funnel, cut).select(*order).collect(backend="pandas").to_native()
    moves = table.assign(record_id=table["record_id"].astype(object)).sort_values(order, ignore_index=True)
    there = np.isin(moves["rank"].to_numpy(), reached)
    same = moves["record_id"].eq(moves["record_id"].shift()).to_numpy()
    return moves[there & ~(same & np.roll(there, 1))].reset_index(drop=True)


def _lag_of(moves: pd.DataFrame, horizon_days: int) -> int:
    if moves.empty:
        return 0
    lag = (moves["recorded_at"] - moves["entered_at"]).clip(lower=0).to_numpy(dtype=np.int64)
    return min(int(np.quantile(lag, _RECORDED, method="inverted_cdf")), horizon_days * DAY)


def _labels(
    history: History,
    funnel: Funnel,
    reached: tuple[int, ...],
    record_id: NDArray[np.object_],
    *,
    cut: NDArray[np.int64],
    close: NDArray[np.int64],
    known_at: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return whether each record moved into the outcome in ``[cut, close)``, by what was known at ``known_at``."""
    log = read_log_before(history, int(known_at.max()), funnel=funnel.name).stages
    ids = pd.Index(record_id).unique()
    record = ids.get_indexer(pd.Index(log["record_id"])).astype(np.int64)
    stages = KnownRows(log, record, log["entered_at"].to_numpy(dtype=np.int64))
    there = np.isin(stages.rows["rank"].to_numpy(), reached)

    def tell(known: KnownPairs) -> dict[str, NDArray[np.float64]]:
        inside = there[known.row]
        moved = inside & (known.is_first() | ~np.roll(inside, 1))
        at, begin, end = stages.event_at[known.row], cut[known.block][known.moment], close[known.block][known.moment]
        return {"moves": known.count(moved & (at >= begin) & (at < end))}

    moments = Moments(ids=ids, record=ids.get_indexer(pd.Index(record_id)).astype(np.int64), cut=known_at)
    return (stages.describe(moments, tell)["moves"] > 0).astype(np.float64)


def _with_fields(rows: ScoringRows, fields: PastFields) -> ScoringRows:
    assumed = tuple(field for field in fields.assumed if field in rows.features)
    return replace(rows, left_out=fields.left_out, assumed=assumed)


def _without_those_there(rows: ScoringRows, funnel: Funnel, reached: tuple[int, ...], outcome: str) -> ScoringRows:
    """Return the rows of open records that had not reached the outcome by their landmark."""
    rank = rows.features["stage"].map(funnel.order).fillna(-1).to_numpy()
    closed = np.isin(rank, (funnel.order[WON], funnel.order[LOST]))
    there = np.isin(rank, reached) & ~closed
    counts = {"closed at the landmark": int(closed.sum()), f"{outcome} or beyond at the landmark": int(there.sum())}
    kept = rows.take(~closed & ~there)
    return replace(kept, dropped={**rows.dropped, **_count(counts)})


def _count(reasons: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in reasons.items() if count}


def outcome_text(outcome: str, horizon_days: int) -> str:
    """Return what a label means, in words: ``won within 28 days``."""
    days = "1 day" if horizon_days == 1 else f"{horizon_days} days"
    return f"won within {days}" if outcome == WON else f"reached {outcome} within {days}"


def _tell_not_known(history: History, end: int, as_of: date) -> str:
    told = f"the outcome of the landmark was not known by {as_of}"
    return told + _tell_age(history, end, as_of)


def _tell_age(history: History, end: int, as_of: date) -> str:
    """Return how old the log is, if it ends before ``as_of``."""
    last = day_of(end - 1, history.time_zone)
    age = (as_of - last).days
    days = "1 day" if age == 1 else f"{age:,} days"
    return f", since the log ends on {last}, {days} before" if age else ""


def _tell_too_early(history: History, cut: int, known_at: int, end: int, as_of: date) -> str:
    return (
        f"no outcome is known by {as_of}{_tell_age(history, end, as_of)}: the first landmark is "
        f"{day_of(int(cut) - 1, history.time_zone)} and needs {(known_at - int(cut)) / DAY:,.1f} days, the lag of "
        f"recording included; a log that goes on to {day_of(int(known_at), history.time_zone)} or later would do, or a "
        "shorter horizon"
    )
