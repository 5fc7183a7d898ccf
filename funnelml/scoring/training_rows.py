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
from funnelml.history.features.instant_index import InstantIndex
from funnelml.history.features.past_fields import PastFields
from funnelml.history.funnel import LOST, WON, Funnel
from funnelml.history.history import History
from funnelml.history.landmarks import date_landmarks
from funnelml.history.moves import known_moves
from funnelml.schema import DAY
from funnelml.scoring.rows import ScoringRows

_FEWEST, _MOST = 12, 26
"""Landmark dates that are wanted, and that are enough."""
_RECORDED = 0.95
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
        Days of 24 hours from a landmark within which the outcome counts.
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
        The label is 1 if a move into the outcome happened in ``[cut, cut + horizon)``. It is known from the end of that
        window and of the lag within which 95 % of those moves were recorded, of all that are known.

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
    otherwise those won early would stay and those still open would go.
    """
    of = history.funnel(funnel)
    reached = _find_outcome(of, outcome)
    _check_horizon(horizon_days)
    end = history.cut(as_of)
    moves = _moves_into(reached, history, of, end)
    wait = horizon_days * DAY + _lag_of(moves)
    if landmarks is None:
        dates = default_landmarks(history, as_of=as_of, horizon_days=horizon_days, funnel=of.name, outcome=outcome)
        landmarks = date_landmarks(history, as_of_dates=dates, funnel=of.name)
    if landmarks.empty:
        raise NotEnoughDataError("no record was open at the landmarks; choose dates or ages at which some were")
    ended = landmarks["cut"].to_numpy(dtype=np.int64) + wait <= end
    if not ended.any():
        raise NotEnoughDataError(_tell_too_early(history, landmarks["cut"].min(), wait, as_of))
    known = landmarks[ended]
    described = describe_records(history, known, funnel=of.name, as_of=as_of, trusted=trusted)
    cut = known["cut"].to_numpy(dtype=np.int64)
    record_id = known["record_id"].to_numpy(dtype=object)
    rows = ScoringRows(
        features=described.features,
        record_id=record_id,
        outcome=outcome_text(outcome, horizon_days),
        label=_labels(moves, record_id, cut, horizon_days * DAY),
        at=cut,
        known_at=cut + wait,
        dropped=_count({f"the outcome of the landmark was not known by {as_of}": int((~ended).sum())}),
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
) -> ScoringRows:
    """Return the records open on ``as_of`` as they are known then, without labels, in the columns of ``training_rows``.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known: nothing recorded later has any effect.
    horizon_days : int
        Days of 24 hours within which the outcome would count.
    funnel, outcome, trusted
        As in ``training_rows``.

    Raises
    ------
    FunnelError
        If the outcome is no stage of the funnel.
    """
    of = history.funnel(funnel)
    reached = _find_outcome(of, outcome)
    _check_horizon(horizon_days)
    still = date_landmarks(history, as_of_dates=[as_of], funnel=of.name)
    described = describe_records(history, still, funnel=of.name, as_of=as_of, trusted=trusted)
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
        In order; the last is the latest whose outcome is known on ``as_of``, the others lie four weeks apart before it,
        at most 26. Where the log is too short for twelve of them they lie one week apart.

    Raises
    ------
    NotEnoughDataError
        If no outcome is known by ``as_of``.
    """
    of = history.funnel(funnel)
    _check_horizon(horizon_days)
    moves = _moves_into(_find_outcome(of, outcome), history, of, history.cut(as_of))
    wait = horizon_days * DAY + _lag_of(moves)
    first_recorded = history.recorded_span(of)[0]
    first, last = day_of(first_recorded, history.time_zone), as_of
    while last >= first and history.cut(last) + wait > history.cut(as_of):
        last -= timedelta(days=1)
    if last < first:
        raise NotEnoughDataError(_tell_too_early(history, history.cut(first), wait, as_of))
    span = (last - first).days
    step = 28 if span >= 28 * (_FEWEST - 1) else 7
    return tuple(last - timedelta(days=step * k) for k in reversed(range(min(_MOST, span // step + 1))))


def find_conversions(history: History, *, as_of: date, funnel: str | None = None, outcome: str = WON) -> pd.DataFrame:
    """Return the day on which each record first came to the outcome, by what is known on ``as_of``.

    Returns
    -------
    pandas.DataFrame
        ``record_id, converted_on`` (a date); records that have not are not there.
    """
    of = history.funnel(funnel)
    moves = _moves_into(_find_outcome(of, outcome), history, of, history.cut(as_of))
    first = moves.drop_duplicates("record_id")
    days = [day_of(at, history.time_zone) for at in first["entered_at"]]
    return pd.DataFrame({"record_id": first["record_id"].to_numpy(dtype=object), "converted_on": days})


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


def _lag_of(moves: pd.DataFrame) -> int:
    if moves.empty:
        return 0
    lag = (moves["recorded_at"] - moves["entered_at"]).clip(lower=0).to_numpy(dtype=np.int64)
    return int(np.quantile(lag, _RECORDED, method="inverted_cdf"))


def _labels(
    moves: pd.DataFrame, record_id: NDArray[np.object_], cut: NDArray[np.int64], length: int
) -> NDArray[np.float64]:
    ids = pd.Index(pd.Series(record_id).unique())
    own = moves[moves["record_id"].isin(ids)]
    moved = ids.get_indexer(pd.Index(own["record_id"])).astype(np.int64)
    entered = InstantIndex(moved, own["entered_at"].to_numpy(dtype=np.int64))
    record = ids.get_indexer(pd.Index(record_id)).astype(np.int64)
    return (entered.ends(record, cut + length) > entered.ends(record, cut)).astype(np.float64)


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


def _tell_too_early(history: History, cut: int, wait: int, as_of: date) -> str:
    enough = day_of(int(cut) + wait - 1, history.time_zone)
    return (
        f"no outcome is known by {as_of}: the first landmark is {day_of(int(cut) - 1, history.time_zone)} and needs "
        f"{wait / DAY:,.1f} days, the lag of recording included; as-of {enough} or later would do, or a shorter horizon"
    )
